"""Checks of the values that a sweep combines: each must exist, be listed, and occur once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from hydra.core.override_parser.types import Glob, Override

from src.config.compose import parsed
from src.config.override_checks import choices
from src.errors import UsageError


def check_values(overrides: Sequence[str]) -> None:
    """Rejects values that Hydra would drop, run twice, or combine into a sweep in two folders.

    Raises:
        UsageError: names the override and the remedy.
    """
    for override in parsed(overrides):
        if override.is_sweep_override():
            _check_sweep(override)


def check_unique(key: str, values: Sequence[object]) -> None:
    """Rejects a value that occurs twice.

    Raises:
        UsageError: names the key and the values that do.
    """
    repeated = [value for value, count in Counter(map(str, values)).items() if count > 1]
    if repeated:
        raise UsageError(f"{key}=[{','.join(map(str, values))}]: give {', '.join(repeated)} once")


def _check_sweep(override: Override) -> None:
    key, text = str(override.key_or_group), override.input_line
    if key == "name":
        raise UsageError(f"{text}: a sweep has one name, as in name=mine")
    values = _values(override)
    if not values:
        raise UsageError(f"{text}: has no values; give some, as in {key}=0,1")
    check_unique(key, values)


def _values(override: Override) -> list[str]:
    value: Any = override.value()
    if isinstance(value, Glob):
        return list(value.filter(choices(override.key_or_group)))
    return list(override.sweep_string_iterator())
