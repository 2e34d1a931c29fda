"""Runs with averaging are tuned and judged by their averaged weights."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from src.analysis.collect import collect
from src.analysis.final_weights import tuned_by_last_weights, with_final_weights
from src.analysis.report.caveats import tuning_alerts
from src.analysis.report.page_runs import run_lists
from src.analysis.report.results import Results, compute_results
from src.analysis.report.table_files import write_tables
from tests.unit.analysis.conftest import MakeRun


def results_of(folder: Path) -> Results:
    return compute_results(collect([folder / "sweep"]))


def test_metrics_are_those_of_the_average_where_there_is_one(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=constant", accuracy=0.9)
    make_run("averaging=ema", accuracy=0.9, averaged=0.95, averaged_test_loss=0.2, averaged_val_accuracy=0.96)
    runs = with_final_weights(collect([tmp_path / "sweep"]).runs).set_index("averaging")
    assert runs["test_accuracy"].to_dict() == {"none": 0.9, "ema": 0.95}
    assert runs["test_loss"].to_dict() == pytest.approx({"none": 0.1, "ema": 0.2})
    assert runs["val_accuracy"].to_dict() == {"none": 0.9, "ema": 0.96}
    assert runs.loc["none", "val_loss"] == 0.5
    assert math.isnan(runs.loc["ema", "val_loss"])  # records have no number that is not finite
    assert math.isnan(runs.loc["none", "last_test_accuracy"])
    assert runs.loc["ema", "last_test_accuracy"] == 0.9


def test_runs_without_averaging_stay_as_they_are(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=constant")
    runs = collect([tmp_path / "sweep"]).runs
    assert with_final_weights(runs) is runs


def test_averages_choose_the_rate_and_are_compared(make_run: MakeRun, tmp_path: Path) -> None:
    for lr, last, averaged in ((0.1, 0.9, 0.91), (1.0, 0.5, 0.95)):
        make_run(
            "averaging=ema", f"optimizer.lr={lr}", "seed=7", "read_test=false",
            accuracy=last, averaged_val_accuracy=averaged, averaged_val_loss=0.3,
        )  # fmt: skip
        for seed in range(6):
            make_run("averaging=ema", f"optimizer.lr={lr}", f"seed={seed}", accuracy=last, averaged=averaged)
    for seed in range(6):
        make_run(f"seed={seed}", accuracy=0.9 + 0.001 * seed)
    table = results_of(tmp_path).table.set_index("label")
    assert table["lr"].to_dict() == {"constant (averaging=ema)": 1.0, "constant": 0.02}
    assert table["test_error_mean"].to_dict() == pytest.approx({"constant (averaging=ema)": 0.05, "constant": 0.0975})
    assert table.loc["constant (averaging=ema)", "last_test_accuracy_mean"] == 0.5


def test_files_keep_the_metrics_of_the_last_weights(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("averaging=ema", accuracy=0.9, averaged=0.95)
    results = results_of(tmp_path)
    write_tables(results, tmp_path)
    row = pd.read_csv(tmp_path / "runs.csv").iloc[0]
    assert (row["test_accuracy"], row["averaged_test_accuracy"]) == (0.9, 0.95)
    [(_, [line])] = run_lists(results.runs, tmp_path)
    assert "5.00" in line.cells  # the page's list of runs agrees with its table


@pytest.mark.parametrize(("measured", "labels"), [(None, ["constant (averaging=ema)"]), (0.9, [])])
def test_tuning_runs_that_did_not_measure_their_average_are_named(
    measured: float | None, labels: list[str], make_run: MakeRun, tmp_path: Path
) -> None:
    for averaging, average in (("ema", 0.9), ("none", None)):
        for lr in (0.1, 1.0):
            tuning = (f"averaging={averaging}", f"optimizer.lr={lr}", "seed=7", "read_test=false")
            make_run(*tuning, averaged_val_accuracy=measured if average else None)
        make_run(f"averaging={averaging}", "optimizer.lr=0.1", averaged=average)
    results = results_of(tmp_path)
    assert tuned_by_last_weights(results.runs) == labels
    assert any("was tuned for the last weights" in alert for alert in tuning_alerts(results)) == bool(labels)
