"""The comparison on the terminal."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from src.analysis.collect import collect
from src.analysis.comparison import comparison
from src.analysis.report.tables import format_table
from src.analysis.report.terminal import print_answers, print_comparison
from tests.unit.analysis.conftest import MakeRun, make_winner
from tests.unit.analysis.report.conftest import answers


@pytest.mark.parametrize(("width", "columns"), [(104, ["scheduler", "verdict"]), (200, ["P(better)", "train"])])
def test_narrow_terminal_shows_the_most_important_columns(
    width: int,
    columns: list[str],
    four_schedules: pd.DataFrame,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("src.terminal.FILE_WIDTH", width)
    print_comparison(four_schedules)
    output = capsys.readouterr().out
    assert all(name in output for name in columns)
    if width == 200:
        assert "…" not in output


@pytest.mark.parametrize(("width", "is_mentioned"), [(70, False), (200, True)])
def test_notes_mention_only_the_columns_that_are_shown(
    width: int,
    is_mentioned: bool,
    four_schedules: pd.DataFrame,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("src.terminal.FILE_WIDTH", width)
    print_comparison(four_schedules)
    output = " ".join(capsys.readouterr().out.split())
    assert "Δ is the mean paired difference from constant" in output
    for note in ("P(better) is the probability", "p is the p-value", "± is a standard deviation"):
        assert (note in output) == is_mentioned, note


def test_number_of_seeds_is_shown_where_it_differs(
    four_schedules: pd.DataFrame, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("src.terminal.FILE_WIDTH", 60)
    print_comparison(four_schedules)
    assert "n seeds" in capsys.readouterr().out


@pytest.mark.parametrize("width", [20, 60, 80, 100, 120, 200])
def test_numbers_are_never_cut(
    width: int, four_schedules: pd.DataFrame, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("src.terminal.FILE_WIDTH", width)
    print_comparison(four_schedules)
    output = capsys.readouterr().out
    assert "…" not in output
    cells = {cell.strip() for line in output.splitlines() for cell in line.split("│")}
    texts = format_table(four_schedules)
    assert set(texts["test error %"]) | set(texts["verdict"]) <= cells


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
def test_columns_without_room_are_named(
    width: int, four_schedules: pd.DataFrame, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("src.terminal.FILE_WIDTH", width)
    print_comparison(four_schedules)
    output = capsys.readouterr().out
    head = next(line for line in output.splitlines() if "┃" in line)
    num_missing = len(format_table(four_schedules).columns) - head.count("┃") + 1
    _, is_said, names = " ".join(output.split()).partition("Not shown, for lack of room: ")
    assert bool(is_said) == (num_missing > 0)
    if is_said:
        assert len(names.partition("; see comparison.csv.")[0].split(", ")) == num_missing


def test_column_that_tells_rows_apart_stays(
    four_schedules: pd.DataFrame, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("src.terminal.FILE_WIDTH", 40)
    print_comparison(four_schedules)
    assert "peak" not in capsys.readouterr().out.partition("Not shown")[0]
    print_comparison(four_schedules.assign(label="step"))
    assert "peak" in capsys.readouterr().out.partition("Not shown")[0]


def test_eighty_columns_show_the_difference_and_the_verdict(
    make_run: MakeRun, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("src.terminal.FILE_WIDTH", 80)
    make_winner(make_run, 6)
    print_comparison(comparison(collect([tmp_path / "sweep"]).runs))
    table = capsys.readouterr().out.partition("Mean test error")[0]
    assert max(map(len, table.splitlines())) <= 80
    assert "verdict" in table
    assert "Δ" in table
    assert "median" not in table


def test_brackets_in_names_are_no_markup(make_run: MakeRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_run(dataset="[bold]digits[/red]", scheduler="[/x]")  # as a hand can change a record
    print_comparison(comparison(collect([tmp_path / "sweep"]).runs))
    output = capsys.readouterr().out
    assert "[bold]digits[/red]" in output
    assert "[/x]" in output


def test_notes_of_a_single_table_name_it(
    table: pd.DataFrame, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("src.terminal.FILE_WIDTH", 10_000)
    print_comparison(table)
    lines = capsys.readouterr().out.splitlines()
    (line,) = [line for line in lines if "Δ is the mean paired difference" in line]
    assert line.startswith("digits · softmax · sgd · 2 epochs · batch 64: ")


def test_remedy_for_a_missing_reference_is_printed_once(
    make_run: MakeRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for scheduler in ("step", "cosine"):
        make_run(f"scheduler={scheduler}")
    print_comparison(comparison(collect([tmp_path / "sweep"]).runs))
    print_answers(answers(tmp_path))
    output = " ".join(capsys.readouterr().out.split())
    assert output.count("There is no unique reference") == output.count("give reference=NAME") == 1
