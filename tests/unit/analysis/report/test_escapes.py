"""Text of users is escaped for each format, and can be restored."""

from __future__ import annotations

import csv
import io
import math

import pandas as pd
import pytest

from src.analysis.report.escapes import to_csv, to_markdown_text
from tests.republish import from_csv

HOSTILE = ["=1+1", "+cmd", "-x", "@SUM(A1)", "\tx", "'quoted'", "a,b", 'a"b', "two\nlines", "", "plain", "0.5x"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cosine_restarts", "cosine_restarts"),
        ("step (gamma=0.5)", "step (gamma=0.5)"),
        ("a|b", r"a\|b"),
        ("<b>&", "&lt;b&gt;&amp;"),
        ("`rm`", r"\`rm\`"),
        ("[x](http://y)", r"\[x\](http://y)"),
        ("**bold**", r"\*\*bold\*\*"),
        ("# heading", r"\# heading"),
        ("one # two", "one # two"),
        ("a\\|b", r"a\\\|b"),
        ("two\n\nlines", "two  lines"),
    ],
)
def test_text_is_no_markup(text: str, expected: str) -> None:
    assert to_markdown_text(text) == expected


def test_no_text_is_a_formula_and_no_number_is_text() -> None:
    table = pd.DataFrame({"error": HOSTILE, "lr": [-0.1] * len(HOSTILE)})
    rows = list(csv.DictReader(io.StringIO(to_csv(table), newline="")))
    assert [row["error"] for row in rows if row["error"].startswith(("=", "+", "-", "@", "\t"))] == []
    assert {row["lr"] for row in rows} == {"-0.1"}


def test_reading_restores_text_and_numbers() -> None:
    table = pd.DataFrame(
        {
            "error": HOSTILE,
            "mixed": ["-x", None, *["y"] * (len(HOSTILE) - 2)],
            "number": [-0.1, math.nan, 1e-17, *[1.0] * (len(HOSTILE) - 3)],
            "count": range(len(HOSTILE)),
        }
    )
    missing = {"mixed": "", "number": ""}
    read = pd.read_csv(io.StringIO(to_csv(table), newline=""), keep_default_na=False, na_values=missing)
    restored = from_csv(read)
    pd.testing.assert_frame_equal(restored, table, check_dtype=False)


def test_columns_without_text_are_unchanged() -> None:
    table = pd.DataFrame({"seconds": pd.Series([1, None], dtype=object), "lr": [-0.1, 2.0], "ok": [True, False]})
    assert to_csv(table) == table.to_csv(index=False)


def test_carriage_return_starts_no_row() -> None:
    rows = list(csv.reader(io.StringIO(to_csv(pd.DataFrame({"error": ["a\r=b\r\nc"], "n": [1]})), newline="")))
    assert rows == [["error", "n"], ["a\n=b\nc", "1"]]
