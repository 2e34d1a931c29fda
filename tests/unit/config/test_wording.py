"""Values and types in the words of error messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import pytest
from torch import Tensor

from src.config.wording import as_text, fixed_length, quoted, type_in_words


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "null"), (True, "true"), (1, "1"), (0.1, "0.1"), ("a", "a"), ([None, "a", [False]], "[null, a, [false]]")],
)
def test_value_is_written_as_on_the_command_line(value: object, text: str) -> None:
    assert as_text(value) == text


def test_strings_can_be_quoted() -> None:
    assert quoted(["a", 1, None]) == "['a', 1, null]"


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (int, "an integer"),
        (float | None, "a number or null"),
        (float | Tensor, "a number"),
        (Literal["min", "max"], "one of min, max"),
        (dict[str, Any], "a dictionary"),
        (list[str], "a list of strings"),
        (Iterable[int], "a list of integers"),
        (tuple[float | Tensor, float | Tensor], "a list of 2 numbers"),
        (tuple[float, ...], "a list of numbers"),
        (list, "<class 'list'>"),
    ],
)
def test_type_is_named(annotation: object, words: str) -> None:
    assert type_in_words(annotation) == words


def test_only_tuples_have_a_fixed_length() -> None:
    assert [fixed_length(annotation) for annotation in (tuple[int, int], tuple[int, ...], list[int])] == [2, None, None]
