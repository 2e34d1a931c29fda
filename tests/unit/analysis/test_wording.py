"""Numbers and lists as text."""

from __future__ import annotations

import pandas as pd
import pytest

from src.analysis.wording import (
    count_noun,
    counted,
    first_line,
    format_loss,
    format_number,
    format_p,
    join_names,
    p_with_sign,
    ranges,
)


@pytest.mark.parametrize(
    ("numbers", "text"), [([3], "3"), ([0, 1, 2], "0 to 2"), ([5, 0, 1, 5, 9], "0 to 1, 5, 9"), ([], "")]
)
def test_consecutive_numbers_become_a_range(numbers: list[int], text: str) -> None:
    assert ranges(numbers) == text


@pytest.mark.parametrize(
    ("names", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", 3], "a, b and 3")]
)
def test_names_are_joined_with_commas_and_and(names: list[object], text: str) -> None:
    assert join_names(names) == text


def test_nouns_are_plural_unless_there_is_one() -> None:
    assert [count_noun(count, "run") for count in (0, 1, 2)] == ["0 runs", "1 run", "2 runs"]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (["a", "a"], "a"),
        (["b", "a", "a"], "a (2 runs) and b (1 run)"),
        (["a", None, "a"], "a (2 runs) and unknown (1 run)"),
        ([None, None], ""),
    ],
)
def test_values_are_counted_where_runs_differ(values: list[object], text: str) -> None:
    assert counted(pd.Series(values, dtype=object)) == text


def test_missing_number_is_a_dash() -> None:
    assert [format_number(value, ".1f") for value in (1.25, None, float("nan"))] == ["1.2", "–", "–"]


def test_large_loss_is_short() -> None:
    losses = (0.03179, 999.25, 12345678901.23, float("inf"), float("nan"), None)
    assert [format_loss(loss) for loss in losses] == ["0.0318", "999.2500", "1.23e+10", "inf", "–", "–"]


def test_small_p_value_is_a_bound() -> None:
    assert [format_p(p) for p in (0.0156, 0.0004)] == ["0.016", "< 0.001"]
    assert [p_with_sign(p) for p in (0.0156, 0.0004)] == ["p = 0.016", "p < 0.001"]


def test_first_line_of_a_missing_error_is_empty() -> None:
    assert [first_line(text) for text in ("out of memory\n\nTraceback", None)] == ["out of memory", ""]
