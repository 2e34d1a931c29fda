"""Rounded tables, their notes, and Markdown."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from src.analysis.collect import collect
from src.analysis.comparison import comparison
from src.analysis.report.tables import UNTESTED_NOTE, format_table, notes, to_markdown
from tests.unit.analysis.conftest import MakeRun, make_winner


def test_numbers_are_rounded(four_schedules: pd.DataFrame) -> None:
    text = format_table(four_schedules).set_index("scheduler")
    assert text.loc["cosine", "test error %"] == "4.00"  # three seeds are too few for an interval
    assert text.loc["cosine", "Δ"] == "-3.00"
    assert text.loc["cosine", "p (adjusted)"] == "0.500"
    assert text.loc["cosine", "P(better)"] == "0.72"
    assert text.loc["cyclic", "test error %"] == "–"
    assert text.loc["one_cycle", "diverged"] == "1"
    assert text["verdict"].to_dict() == {
        "cosine": "inconclusive", "constant": "reference", "one_cycle": "inconclusive", "cyclic": "inconclusive",
    }  # fmt: skip
    assert text.loc["constant", "epochs to 80 %"] == "1 (3/3)"


def test_single_seed_has_neither_interval_nor_deviation(single_run: pd.DataFrame) -> None:
    text = format_table(single_run)
    assert text["test error %"].tolist() == ["1.00"]
    assert text["averaged error %"].tolist() == ["0.50"]
    assert not {"diverged", "verdict", "Δ"} & set(text)


def test_notes_say_when_no_difference_can_be_significant(four_schedules: pd.DataFrame) -> None:
    text = " ".join(notes(four_schedules))
    assert "With 3 seeds, no difference from constant can be significant, however large: that takes 6 seeds." in text
    assert "tested" not in text


def test_six_seeds_have_intervals(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 6)
    rows = comparison(collect([tmp_path / "sweep"]).runs)
    text = format_table(rows).set_index("scheduler")
    assert text.loc["constant", "test error %"].startswith("9.75 [9.")
    assert text.loc["cosine", "Δ"].startswith("-4.87 [-")
    assert text.loc["cosine", "p (adjusted)"] == "0.031"
    assert "adjusted for all comparisons of the report" in " ".join(notes(rows))


def test_notes_say_when_nothing_was_tested(make_run: MakeRun, tmp_path: Path, single_run: pd.DataFrame) -> None:
    for scheduler in ("step", "cosine"):
        make_run(f"scheduler={scheduler}", "epochs=4")
    rows = comparison(collect([tmp_path / "sweep"]).runs)
    assert UNTESTED_NOTE in notes(rows[rows["epochs"] == 4])
    assert UNTESTED_NOTE not in notes(single_run)


def test_markdown_has_one_table_per_workload(table: pd.DataFrame) -> None:
    text = to_markdown(table)
    assert text.count("### ") == 2
    assert "| cosine      |      0.02 |   3 |" in text
