"""The pages of the documentation in parts: code blocks, tables, links, headings, commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md")), *sorted(DOCS.glob("results/*/README.md"))]

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_INLINE_COMMAND = re.compile(r"`((?:python|make) [^`]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced code block."""

    language: str
    code: str

    @property
    def file_name(self) -> str | None:
        """The file that the first line names in a comment, as in `# configs/model/mine.yaml`."""
        match = re.match(r"# (\S+\.(?:py|yaml))\n", self.code)
        return match and match[1]


def page_id(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(page: Path, *languages: str) -> list[Block]:
    found = [Block(language, code) for language, code in _BLOCK.findall(page.read_text())]
    return [block for block in found if not languages or block.language in languages]


def prose(page: Path) -> str:
    """The page without its code blocks."""
    return _BLOCK.sub("", page.read_text())


def running_text(page: Path) -> str:
    """The page without line breaks, so that a sentence is found wherever its lines are broken."""
    return " ".join(page.read_text().split())


def commands(page: Path) -> list[list[str]]:
    """The words of every command in code blocks and in the text, without environment variables before it."""
    lines = [line for block in blocks(page, "sh") for line in block.code.splitlines()]
    lines += [
        line[2:] for block in blocks(page, "console") for line in block.code.splitlines() if line.startswith("$ ")
    ]
    lines += _INLINE_COMMAND.findall(prose(page))
    return [words for line in lines if (words := _without_environment(shlex.split(line, comments=True)))]


def links(page: Path) -> list[str]:
    """The targets of links and pictures that point into this repository."""
    return [target for target in _LINK.findall(prose(page)) if "://" not in target]


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings."""
    headings = [heading.lower().replace(" ", "-") for heading in _HEADING.findall(prose(page))]
    return {re.sub(r"[^\w-]", "", heading) for heading in headings}


def tables(page: Path) -> Iterator[list[dict[str, str]]]:
    """Every table as a list of rows; cells by column name."""
    lines: list[str] = []
    for line in [*prose(page).splitlines(), ""]:
        if line.startswith("|"):
            lines.append(line)
        elif lines:
            header, _, *rows = map(_cells, lines)
            yield [dict(zip(header, row, strict=True)) for row in rows]
            lines = []


def table(page: Path, column: str) -> list[dict[str, str]]:
    """The first table whose first column has this name."""
    return next(rows for rows in tables(page) if rows and next(iter(rows[0])) == column)


def names(cell: str) -> list[str]:
    """The code spans of a cell."""
    return re.findall(r"`([^`]+)`", cell)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _without_environment(words: list[str]) -> list[str]:
    while words and re.match(r"[A-Z_]+=", words[0]):
        words = words[1:]
    return words
