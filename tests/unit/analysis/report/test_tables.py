"""Rounded tables, their notes, and Markdown."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from src.analysis.collect import collect
from src.analysis.comparison import comparison
from src.analysis.report.escapes import to_csv
from src.analysis.report.tables import UNTESTED_NOTE, format_table, notes, split_notes, to_markdown
from src.analysis.tuning import evaluation_runs, untrainable_schedules
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
    assert (text["test error %"].tolist(), text["last error %"].tolist()) == (["0.50"], ["1.00"])
    assert not {"diverged", "verdict", "Δ"} & set(text)


def test_huge_losses_are_short_in_tables_and_full_in_csv(make_run: MakeRun, tmp_path: Path) -> None:
    for seed, loss in enumerate((12345678901.23, 12345678901.25)):
        make_run(f"seed={seed}", test_loss=loss)
    rows = comparison(collect([tmp_path / "sweep"]).runs)
    assert format_table(rows)["test loss"].tolist() == ["1.23e+10 ± 0.0141"]
    assert "| 1.23e+10 ± 0.0141 |" in to_markdown(rows)
    assert "12345678901.24" in to_csv(rows)


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


def test_no_difference_has_no_sign(make_run: MakeRun, tmp_path: Path) -> None:
    for scheduler, accuracies in {"constant": (0.9, 0.8), "cosine": (0.8, 0.9), "step": (0.9, 0.8001)}.items():
        for seed, accuracy in enumerate(accuracies):
            make_run(f"scheduler={scheduler}", f"seed={seed}", accuracy=accuracy)
    text = format_table(comparison(collect([tmp_path / "sweep"]).runs)).set_index("scheduler")
    assert text.loc["cosine", ["Δ", "median Δ"]].tolist() == ["0.00", "0.00"]
    assert text.loc["step", ["Δ", "median Δ"]].tolist() == ["-0.01", "-0.01"]  # -0.005


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


def test_tables_of_tuning_runs_have_no_verdicts(make_run: MakeRun, tmp_path: Path) -> None:
    for scheduler in ("constant", "cosine"):
        make_run(f"scheduler={scheduler}", "read_test=false")
    rows = comparison(collect([tmp_path / "sweep"]).runs)
    assert not {"Δ", "verdict"} & set(format_table(rows))
    assert notes(rows)[0] == "Tuning runs do not read the test set, so there is no test error."
    assert not any("significant" in note or "p-value" in note for note in notes(rows))


def test_schedule_that_no_rate_trained_has_no_verdict(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 2)
    make_run("scheduler=step", "seed=9", "read_test=false", status="diverged")
    runs = collect([tmp_path / "sweep"]).runs
    text = format_table(comparison(evaluation_runs(runs), without_result=untrainable_schedules(runs)))
    assert text.set_index("scheduler")["verdict"].to_dict() == {
        "cosine": "inconclusive", "constant": "reference", "step": "",
    }  # fmt: skip


def test_error_over_common_seeds_is_a_column_where_seeds_differ(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 3)
    make_run("scheduler=constant", "seed=3", accuracy=0.5)
    rows = comparison(collect([tmp_path / "sweep"]).runs)
    text = format_table(rows).set_index("scheduler")
    assert text["n"].to_dict() == {"cosine": "3", "constant": "4"}
    assert text["test error %"].to_dict() == {"cosine": "4.95", "constant": "19.92"}
    assert text["common error %"].to_dict() == {"cosine": "4.95", "constant": "9.90"}
    assert any("Rows are sorted by the common error" in note for note in notes(rows))


def test_notes_do_not_mention_columns_that_are_not_shown(four_schedules: pd.DataFrame) -> None:
    text = " ".join(notes(four_schedules, ["scheduler", "test error %", "Δ", "verdict"]))
    assert not any(word in text for word in ("p-value", "P(better)", "±", "n seeds", "Epochs"))
    assert "Δ is the mean paired difference" in text


def test_notes_that_tables_share_are_said_once_and_the_others_with_their_table() -> None:
    shared, own = split_notes({"2 epochs": ["Mean.", "Against step.", "Epochs."], "3 epochs": ["Mean.", "Epochs."]})
    assert shared == ["Mean.", "Epochs."]
    assert own == ["2 epochs: Against step."]
