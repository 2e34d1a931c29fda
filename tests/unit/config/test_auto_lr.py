"""`optimizer.lr=auto` in overrides."""

from __future__ import annotations

import pytest

from src.config.auto_lr import wants_range_test, with_lr, with_placeholder_lr


@pytest.mark.parametrize("override", ["optimizer.lr=auto", "+optimizer.lr=auto", "optimizer.lr='auto'"])
def test_auto_asks_for_a_range_test(override: str) -> None:
    assert wants_range_test(["model=mlp", override])
    assert with_lr(["model=mlp", override, "seed=1"], 0.25) == ["model=mlp", "optimizer.lr=0.25", "seed=1"]


@pytest.mark.parametrize("override", ["optimizer.lr=0.1", "trainer.device=auto", "name=auto", "optimizer=auto"])
def test_other_overrides_ask_for_no_range_test(override: str) -> None:
    assert not wants_range_test([override])
    assert with_lr([override], 0.25) == [override]


def test_placeholder_is_one() -> None:
    assert with_placeholder_lr(["optimizer.lr=auto"]) == ["optimizer.lr=1"]
