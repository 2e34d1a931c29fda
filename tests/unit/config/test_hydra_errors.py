"""Errors of Hydra and OmegaConf become one line that names the override."""

from __future__ import annotations

import pytest

from src.config.compose import composed, composing, load_config
from src.errors import UsageError


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("optimizer=sdg", r"^optimizer=sdg: choose one of .*adamw, .*sgd; did you mean sgd\?$"),
        ("epoch=3", r"^epoch: unknown key; did you mean epochs\?$"),
        ("optimizer.lrr=3", r"^optimizer.lrr: unknown key; did you mean optimizer.lr\?$"),
        ("epochs=many", "^epochs=many: must be an integer$"),
        ("epochs=[1", "."),
        ("=", "."),
    ],
)
def test_error_is_one_line(override: str, message: str) -> None:
    with composing(), pytest.raises(UsageError, match=message) as error:
        load_config(composed([override]))
    assert "\n" not in str(error.value)


def test_error_of_a_resolver_keeps_its_message() -> None:
    message = "^scheduler.*scheduler=cosine with interval=second spans the run, whose length is unknown"
    with composing(), pytest.raises(UsageError, match=message):
        load_config(composed(["scheduler=cosine", "interval=second"]))
