"""Numbers and lists as text."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from src import losses

if TYPE_CHECKING:
    import pandas as pd


def ranges(numbers: Iterable[int]) -> str:
    """`0 to 4, 7`."""
    runs: list[list[int]] = []
    for number in sorted(set(map(int, numbers))):
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)


def join_names(names: Iterable[object]) -> str:
    """`a, b and c`."""
    *first, last = [*map(str, names)] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def count_noun(count: int, noun: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def counted(values: pd.Series) -> str:
    """The value that all runs share, or `a (12 runs) and b (3 runs)`; empty if none is known.

    Args:
        values: One per run.
    """
    if values.isna().all():
        return ""
    counts = values.astype(object).where(values.notna(), "unknown").value_counts()
    if len(counts) == 1:
        return str(counts.index[0])
    return join_names(f"{value} ({count_noun(count, 'run')})" for value, count in counts.items())


def format_p(p: float) -> str:
    """`0.016`, or `< 0.001`."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def p_with_sign(p: float) -> str:
    """`p = 0.016`, or `p < 0.001`."""
    text = format_p(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def format_number(value: float | None, spec: str) -> str:
    """The value in the given format; a dash where it is missing."""
    return "–" if value is None or math.isnan(value) else format(value, spec)


def format_loss(value: float | None) -> str:
    """`0.0318`, or `1.23e+10`; a dash where it is missing."""
    return "–" if value is None or math.isnan(value) else losses.format_loss(value)


def first_line(text: object) -> str:
    """The first line of an error message; empty where it is missing."""
    return text.partition("\n")[0] if isinstance(text, str) else ""
