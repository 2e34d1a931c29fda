"""Values and types in the words of error messages."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeGuard, Union

UNIONS = (Union, types.UnionType)
LISTS = (list, tuple, Iterable, Sequence)
_WORDS = {int: "an integer", float: "a number", str: "a string", bool: "true or false", type(None): "null"}
_PLURALS = {"an integer": "integers", "a number": "numbers", "a string": "strings"}


def as_text(value: object) -> str:
    """A value as it is written on the command line: null, true, 0.1, [1, 2]."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(as_text, value))}]"
    return {None: "null", True: "true", False: "false"}[value] if _has_word(value) else str(value)


def quoted(value: object) -> str:
    """The same with quotes around strings."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(quoted, value))}]"
    return repr(value) if isinstance(value, str) else as_text(value)


def _has_word(value: object) -> TypeGuard[bool | None]:
    return value is None or isinstance(value, bool)


def type_in_words(annotation: Any) -> str:
    """An annotation in words: "a number or null"."""
    origin, options = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in UNIONS:
        plain = [option for option in options if option in _WORDS or typing.get_args(option)]
        return " or ".join(dict.fromkeys(map(type_in_words, plain or options)))
    if origin is Literal:
        return "one of " + ", ".join(map(str, options))
    if origin is dict:
        return "a dictionary"
    if origin in LISTS:
        return _list_in_words(annotation)
    return _WORDS.get(annotation, str(annotation))


def item_type(annotation: Any) -> Any:
    """The annotation of the items of a list."""
    options = typing.get_args(annotation)
    return options[0] if options else Any


def fixed_length(annotation: Any) -> int | None:
    """The number of items of a tuple such as `tuple[float, float]`; None if it varies."""
    options = typing.get_args(annotation)
    return len(options) if typing.get_origin(annotation) is tuple and Ellipsis not in options else None


def _list_in_words(annotation: Any) -> str:
    length, items = fixed_length(annotation), _PLURALS.get(type_in_words(item_type(annotation)))
    if length is None:
        return f"a list of {items}" if items else "a list"
    return f"a list of {length} {items or 'values'}"
