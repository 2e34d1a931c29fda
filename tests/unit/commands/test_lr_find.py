"""Suggestions of a range test that may be too small."""

from __future__ import annotations

import pytest

from src.commands.lr_find import small_warning


def test_suggestion_far_below_the_lowest_loss_has_a_warning() -> None:
    assert small_warning(0.001, 0.05) == (
        "Warning: 0.001 is 50 times below the rate of the lowest loss and may train too slowly; also try rates from "
        "0.005 to 0.05"
    )


@pytest.mark.parametrize(("lr", "lowest"), [(0.046, 0.16), (0.011, 0.11), (0.1, 0.05)])
def test_suggestion_near_the_lowest_loss_has_none(lr: float, lowest: float) -> None:
    assert small_warning(lr, lowest) == ""
