"""CSV files keep full precision, and hold numbers under the expected columns or are refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from src.csv_files import CsvError, append_csv, read_numbers, write_csv
from src.errors import UsageError

ROWS = [(0, 0.1, 2.5), (1, 1 / 3, float("inf"))]


def test_numbers_are_read_as_written(tmp_path: Path) -> None:
    path = tmp_path / "steps.csv"
    write_csv(path, ["step", "lr", "loss"], ROWS[:1])
    append_csv(path, ROWS[1:])
    assert read_numbers(path, ("loss", "lr")) == {"loss": [2.5, float("inf")], "lr": [0.1, 1 / 3]}


def test_other_line_endings_and_other_columns_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "steps.csv"
    path.write_bytes(b"note,lr,step\r\nslow,0.5,0\r\n")
    assert read_numbers(path, ("step", "lr")) == {"step": [0.0], "lr": [0.5]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "steps.csv is empty"),
        (b"step,lr\n0,0.1", "steps.csv line 2: is cut off, or has no line ending"),
        (b"step,lr\n0,0.1\n1,\xff\n", "steps.csv line 3: is not text"),
        (b"step,loss\n0,0.1\n", "steps.csv line 1: no column lr"),
        (b"step,lr,lr\n0,1,1\n", "steps.csv line 1: two columns lr"),
        (b"step,lr\n0,0.1\n1\n", "steps.csv line 3: the number of cells is 1, not 2"),
        (b"step,lr\n0,0.1\n1,fast\n", "steps.csv line 3: lr is 'fast', not a number"),
    ],
)
def test_damage_is_named_with_line_and_column(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "steps.csv"
    path.write_bytes(content)
    with pytest.raises(CsvError) as error:
        read_numbers(path, ("step", "lr"))
    assert str(error.value) == f"{tmp_path}/{message}"


def test_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"steps\.csv cannot be read: No such file"):
        read_numbers(tmp_path / "steps.csv", ("step",))
    os.mkfifo(tmp_path / "steps.csv")
    with pytest.raises(UsageError, match=r"steps\.csv is a named pipe, not a file"):
        read_numbers(tmp_path / "steps.csv", ("step",))
