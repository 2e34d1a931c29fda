"""Text of users in Markdown and CSV: names, labels and errors, which may hold anything."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

_MARKUP = re.compile(r"[\\`*|\[\]]|^#")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\n": " ", "\r": " "})
# What a spreadsheet takes for the start of a formula, and the sign that marks text.
_MARKED = ("=", "+", "-", "@", "\t", "'")


def to_markdown_text(text: str) -> str:
    """The text on one line, without markup, raw HTML or new cells. Underscores within words are no markup."""
    return _MARKUP.sub(r"\\\g<0>", text.translate(_ENTITIES))


def to_csv(table: pd.DataFrame) -> str:
    """The table as CSV in full precision.

    Text that a spreadsheet would take for a formula begins with an apostrophe, which is how spreadsheets mark text. So
    does text that begins with an apostrophe itself: removing one restores both. Carriage returns, which pandas does not
    quote, become line feeds.
    """
    texts = {str(name): column.map(_as_cell) for name, column in table.items() if column.map(_is_text).any()}
    return table.assign(**texts).to_csv(index=False)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _as_cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{text}" if text.startswith(_MARKED) else text
