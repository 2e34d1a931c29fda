"""Numbers and lists as words."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd


def ranges(numbers: Iterable[int]) -> str:
    """`0 to 4, 7`."""
    parts: list[list[int]] = []
    for number in sorted(set(map(int, numbers))):
        if parts and parts[-1][-1] == number - 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ", ".join(str(part[0]) if len(part) == 1 else f"{part[0]} to {part[-1]}" for part in parts)


def listed(names: Iterable[object]) -> str:
    *first, last = [*map(str, names)] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def probability(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def number(value: float | None, form: str) -> str:
    return "–" if value is None or pd.isna(value) else format(value, form)
