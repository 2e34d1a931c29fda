"""`optimizer.lr=auto` in overrides: recognized, and replaced by a number."""

from __future__ import annotations

from collections.abc import Sequence

from hydra.core.override_parser.types import Override

from src.config.compose import parsed
from src.config.resolvers import AUTO


def wants_range_test(overrides: Sequence[str]) -> bool:
    """Whether the overrides leave the peak learning rate to a range test (`optimizer.lr=auto`)."""
    candidates = [override for override in overrides if AUTO in override]  # parsing all of them is slow
    return any(_is_auto(override) for override in parsed(candidates))


def with_lr(overrides: Sequence[str], lr: float) -> list[str]:
    """The overrides with `optimizer.lr=auto` replaced by a number."""
    if not wants_range_test(overrides):
        return list(overrides)
    return [
        f"optimizer.lr={lr:g}" if _is_auto(override) else str(override.input_line) for override in parsed(overrides)
    ]


def with_placeholder_lr(overrides: Sequence[str]) -> list[str]:
    """The overrides with `optimizer.lr=auto` replaced by 1, for code that does not depend on the peak."""
    return with_lr(overrides, 1.0)


def _is_auto(override: Override) -> bool:
    return bool(override.key_or_group == "optimizer.lr" and override.value() == AUTO)
