"""Hopeless runs in a comparison: a result like a diverged run, and never part of a mean."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from src.analysis.losses import num_lost
from src.analysis.report.answer import answer
from src.analysis.report.results import load_results
from src.analysis.report.tables import format_table, notes
from tests.unit.analysis.conftest import MakeRun


def test_lost_runs_are_counted_over_the_statuses_that_occur() -> None:
    assert num_lost(pd.DataFrame({"failed": [1, 0], "diverged": [2, 0]})).tolist() == [3, 0]
    assert num_lost(pd.DataFrame({"failed": [1], "diverged": [0], "hopeless": [4]})).tolist() == [5]


def test_hopeless_runs_are_shown_and_never_averaged_or_best(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(6):
        make_run("scheduler=constant", f"seed={seed}", accuracy=0.9)
        make_run(
            "scheduler=step", f"seed={seed}", accuracy=0.99 if seed else 0.1, status="completed" if seed else "hopeless"
        )
    results = load_results([tmp_path / "sweep"])
    rows = results.table.set_index("scheduler")
    assert rows["n"].to_dict() == {"constant": 6, "step": 5}
    assert rows["hopeless"].to_dict() == {"constant": 0, "step": 1}
    assert rows.loc["step", "test_error_mean"] == pytest.approx(0.01)
    assert rows.loc["step", "verdict"] == "inconclusive"
    assert format_table(results.table).set_index("scheduler")["hopeless"].to_dict() == {"constant": "0", "step": "1"}
    assert "Hopeless runs were no better than guessing" in " ".join(notes(results.table))
    lines = answer("", results.table, results.pairs, 0.002).lines
    assert any("step (1 hopeless of 6)" in line for line in lines)
    assert lines[0].startswith("Lowest test error among schedules without failed or diverged runs: constant")


def test_sweep_without_hopeless_runs_has_no_such_column(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=step")
    assert "hopeless" not in load_results([tmp_path / "sweep"]).table


def test_tuning_never_chooses_a_rate_with_hopeless_runs(make_run: MakeRun, tmp_path: Path) -> None:
    for lr, status, accuracy in ((0.1, "completed", 0.5), (0.5, "hopeless", 0.6)):
        make_run("scheduler=step", f"optimizer.lr={lr}", "read_test=false", accuracy=accuracy, status=status)
    results = load_results([tmp_path / "sweep"])
    assert results.choices["lr"].tolist() == [0.1]
    assert results.sensitivity.set_index("lr")["median_val_error"].to_dict() == {0.1: 0.5, 0.5: 1.0}
