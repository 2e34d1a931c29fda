"""The text of `--help`: paragraphs and lists of keys, wrapped at the width of the terminal."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Iterator

_ENTRY = re.compile(r"(\S.*?\s{2,})\S")  # `seeds=[0,1,2]          seeds, the same for every schedule`


class HelpFormatter(argparse.HelpFormatter):
    """Keeps paragraphs apart and the descriptions of keys in their column."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(textwrap.indent(line, indent) for block in _blocks(text) for line in _wrapped(block, width))


def _blocks(text: str) -> Iterator[list[str]]:
    """Lines that are wrapped together: a paragraph, or a key with its description. A blank line is a block."""
    block: list[str] = []
    for line in text.strip().splitlines():
        is_new = not line.strip() or _ENTRY.match(line) or (block and not block[0])
        if is_new and block:
            yield block
            block = []
        block.append(line)
    yield block


def _wrapped(block: list[str], width: int) -> list[str]:
    entry = _ENTRY.match(block[0])
    column = len(entry[1]) if entry else 0
    description = " ".join([block[0][column:], *block[1:]])
    lines = textwrap.wrap(
        " ".join(description.split()),
        max(width - column, 11),
        break_long_words=False,
        break_on_hyphens=False,
    )
    first, *others = lines or [""]
    return [block[0][:column] + first, *(" " * column + line for line in others)]
