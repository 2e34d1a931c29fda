"""Checks of the values that a sweep combines: each must exist, be listed, and occur once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import Glob, Override

from src.config.compose import parsed
from src.config.override_checks import choices
from src.config.user_configs import config_places
from src.errors import UsageError

MAX_RUNS = 100_000


def check_values(overrides: Sequence[str]) -> None:
    """Rejects values that Hydra would drop, run twice, or combine into a sweep in two folders.

    Raises:
        UsageError: names the override and the remedy.
    """
    places = config_places(overrides)
    num_runs = 1
    for override in parsed(overrides):
        if override.is_sweep_override():
            num_runs *= _check_sweep(override, places)
    if num_runs > MAX_RUNS:
        raise UsageError(f"{' '.join(overrides)}: {num_runs:,} runs; a sweep has {MAX_RUNS:,} at most")


def check_unique(key: str, values: Sequence[object]) -> None:
    """Rejects a value that occurs twice.

    Raises:
        UsageError: names the key and the values that do.
    """
    repeated = [value for value, count in Counter(map(str, values)).items() if count > 1]
    if repeated:
        raise UsageError(f"{key}=[{','.join(map(str, values))}]: give {', '.join(repeated)} once")


def _check_sweep(override: Override, places: Sequence[Path]) -> int:
    """Returns the number of values."""
    key, text = str(override.key_or_group), override.input_line
    if key == "name":
        raise UsageError(f"{text}: a sweep has one name, as in name=mine")
    value: Any = override.value()
    if isinstance(value, Glob):
        names = choices(key, places)
        values = list(value.filter(names))
        remedy = f"matches none of {', '.join(names)}"
    else:
        values = list(islice(override.sweep_string_iterator(), MAX_RUNS + 1))  # of a range, before it fills the memory
        remedy = f"has no values; give some, as in {key}=0,1"
    if not values:
        raise UsageError(f"{text}: {remedy}")
    if len(values) > MAX_RUNS:
        raise UsageError(f"{text}: more than {MAX_RUNS:,} values; a sweep has {MAX_RUNS:,} runs at most")
    check_unique(key, values)
    return len(values)
