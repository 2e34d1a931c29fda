"""Numbers and lists as words."""

from __future__ import annotations

import pytest

from src.analysis.wording import ranges


@pytest.mark.parametrize(
    ("numbers", "text"), [([3], "3"), ([0, 1, 2], "0 to 2"), ([5, 0, 1, 5, 9], "0 to 1, 5, 9"), ([], "")]
)
def test_numbers_in_a_row_are_written_as_ranges(numbers: list[int], text: str) -> None:
    assert ranges(numbers) == text
