"""CSV files: written with full precision, and read only if they hold numbers under the expected columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from src.errors import UsageError
from src.files import check_file, write_text


class CsvError(UsageError):
    """A CSV file is not what this program writes. The message names the file, the line and the column."""


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Iterable[object]]) -> None:
    write_text(path, csv_text([columns, *rows]))


def append_csv(path: Path, rows: Iterable[Iterable[object]]) -> None:
    with open(path, "a", newline="") as file:
        file.write(csv_text(rows))


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Rows as CSV with Unix line endings; floats keep full precision."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def read_numbers(path: Path, columns: Sequence[str]) -> dict[str, list[float]]:
    """The numbers under each of `columns`. The file may have other columns too, in any order.

    Raises:
        UsageError: the file cannot be read, or it is a CsvError: a column is missing, a row has too few or too many
            cells, a cell is not a number, or the last line is cut off.
    """
    header, *rows = _lines(path)
    names = header.split(",")
    for name in columns:
        if names.count(name) != 1:
            raise CsvError(f"{path} line 1: {'two columns' if name in names else 'no column'} {name}")
    cells = [row.split(",") for row in rows]
    for line, row in enumerate(cells, 2):
        if len(row) != len(names):
            raise CsvError(f"{path} line {line}: the number of cells is {len(row)}, not {len(names)}")
    places = {name: names.index(name) for name in columns}
    return {name: _column(path, name, [row[place] for row in cells]) for name, place in places.items()}


def _lines(path: Path) -> list[str]:
    """The lines of a text file, at least one."""
    check_file(path)
    try:
        content = path.read_bytes()
        *lines, rest = content.decode().split("\n")
    except OSError as error:
        raise CsvError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CsvError(f"{path} line {line}: is not text") from error
    if rest:
        raise CsvError(f"{path} line {len(lines) + 1}: is cut off, or has no line ending")
    if not lines:
        raise CsvError(f"{path} is empty")
    return [line.removesuffix("\r") for line in lines]


def _column(path: Path, name: str, cells: Sequence[str]) -> list[float]:
    try:
        return list(map(float, cells))
    except ValueError:
        line, cell = next((line, cell) for line, cell in enumerate(cells, 2) if not is_number(cell))
        raise CsvError(f"{path} line {line}: {name} is {cell!r:.60}, not a number") from None


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
