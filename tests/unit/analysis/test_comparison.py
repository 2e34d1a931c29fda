"""The comparison: means over seeds, their order, and differences from a reference."""

from __future__ import annotations

import random
import statistics
from pathlib import Path

import pandas as pd
import pytest

from src.analysis.collect import collect
from src.analysis.comparison import comparison
from src.analysis.report.tables import split_by_workload
from tests.unit.analysis.conftest import MakeRun, make_winner

MAIN = "digits · softmax · sgd · 2 epochs · batch 64"


@pytest.fixture
def runs(make_run: MakeRun, tmp_path: Path) -> pd.DataFrame:
    for seed, (step, cosine) in enumerate([(0.90, 0.95), (0.92, 0.96), (0.97, 0.97)]):
        make_run("scheduler=step", f"seed={seed}", accuracy=step)
        make_run("scheduler=cosine", f"seed={seed}", accuracy=cosine)
        make_run("scheduler=one_cycle", f"seed={seed}", accuracy=0.99, status="completed" if seed else "diverged")
        make_run("scheduler=cyclic", f"seed={seed}", accuracy=None, status="diverged")
    make_run("scheduler=step", "epochs=3", accuracy=0.99)
    make_run("scheduler=step", "data.name=other", accuracy=0.99)
    return collect([tmp_path / "sweep"]).runs


@pytest.fixture
def table(runs: pd.DataFrame) -> pd.DataFrame:
    return comparison(runs)


def rows_of(table: pd.DataFrame, title: str) -> pd.DataFrame:
    return dict(split_by_workload(table))[title]


def test_metrics_are_mean_and_sample_standard_deviation_over_seeds(table: pd.DataFrame) -> None:
    step = rows_of(table, MAIN).set_index("scheduler").loc["step"]
    assert step["n"] == 3
    assert step["seeds"] == "0 1 2"
    assert step["test_accuracy_mean"] == pytest.approx(statistics.mean([0.90, 0.92, 0.97]))
    assert step["test_accuracy_sd"] == pytest.approx(statistics.stdev([0.90, 0.92, 0.97]))


def test_schedules_are_sorted_by_error_with_failures_last(table: pd.DataFrame) -> None:
    assert list(rows_of(table, MAIN)["scheduler"]) == ["cosine", "step", "one_cycle", "cyclic"]


def test_diverged_runs_are_counted_and_not_averaged(table: pd.DataFrame) -> None:
    rows = rows_of(table, MAIN).set_index("scheduler")
    assert (rows.loc["one_cycle", "n"], rows.loc["one_cycle", "diverged"]) == (2, 1)
    assert (rows.loc["cyclic", "n"], rows.loc["cyclic", "diverged"]) == (0, 3)
    assert pd.isna(rows.loc["cyclic", "test_accuracy_mean"])


def test_data_sets_and_budgets_have_separate_tables(table: pd.DataFrame) -> None:
    titles = [title for title, _ in split_by_workload(table)]
    assert titles == [
        MAIN,
        "digits · softmax · sgd · 3 epochs · batch 64",
        "other · softmax · sgd · 2 epochs · batch 64",
    ]
    assert all(rows["dataset"].nunique() == 1 for _, rows in split_by_workload(table))


def test_schedules_are_compared_with_the_reference(table: pd.DataFrame, runs: pd.DataFrame) -> None:
    assert rows_of(table, MAIN)["verdict"].isna().all()  # there is no run of constant
    rows = rows_of(comparison(runs, "step"), MAIN).set_index("scheduler")
    assert pd.isna(rows.loc["step", "verdict"])
    assert rows.loc["cosine", "difference"] == pytest.approx(-0.03)
    assert rows.loc["cosine", "paired"] == 3
    assert rows.loc["one_cycle", "paired"] == 2
    assert rows.loc["cyclic", "verdict"] == "inconclusive"
    assert set(rows["reference"]) == {"step"}


def test_ten_paired_seeds_give_verdicts(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(10):
        difficulty = 0.002 * (seed % 3)
        make_run("scheduler=constant", f"seed={seed}", accuracy=0.90 - difficulty)
        make_run("scheduler=cosine", f"seed={seed}", accuracy=0.93 - difficulty - 0.0001 * seed)
        make_run("scheduler=step", f"seed={seed}", accuracy=0.90 - difficulty + 0.001 * (-1) ** seed)
        make_run("scheduler=rex", f"seed={seed}", accuracy=0.80, status="completed" if seed else "failed")
    rows = comparison(collect([tmp_path / "sweep"]).runs).set_index("scheduler")
    assert rows["verdict"].dropna().to_dict() == {"cosine": "better", "step": "equivalent", "rex": "worse"}
    assert rows.loc["cosine", "p"] == 2 / 2**10
    assert rows.loc["cosine", "p_adjusted"] == 2 * 2 / 2**10  # rex lacks a seed, and so its t ignores that sign
    assert rows.loc["cosine", "difference_median"] == pytest.approx(-0.03 + 0.00045)
    assert rows.loc["cosine", "difference_sd"] == pytest.approx(statistics.stdev(0.0001 * seed for seed in range(10)))
    low, high = rows.loc["cosine", ["difference_low", "difference_high"]]
    assert low < rows.loc["cosine", "difference"] < high < 0


def test_comparisons_of_all_budgets_are_one_family(make_run: MakeRun, tmp_path: Path) -> None:
    rng = random.Random(0)
    for seed in range(8):
        for epochs in (2, 3):
            make_run("scheduler=constant", f"epochs={epochs}", f"seed={seed}", accuracy=0.9)
            for scheduler in ("cosine", "step"):
                make_run(
                    f"scheduler={scheduler}", f"epochs={epochs}", f"seed={seed}", accuracy=0.9 + rng.gauss(0.003, 0.01)
                )
    runs = collect([tmp_path / "sweep"]).runs
    report = comparison(runs).dropna(subset="verdict")
    single = pd.concat([comparison(rows) for _, rows in runs.groupby("epochs")]).dropna(subset="verdict")
    keys = ["epochs", "scheduler"]
    report, single = (table.sort_values(keys, ignore_index=True) for table in (report, single))
    assert report["p"].tolist() == single["p"].tolist()
    assert (report["p_adjusted"] >= single["p_adjusted"]).all()
    assert (report["p_adjusted"] > single["p_adjusted"]).any()


def test_reference_with_several_settings_is_not_used(make_run: MakeRun, tmp_path: Path) -> None:
    for lr in (0.1, 0.2):
        for seed in range(3):
            make_run("scheduler=constant", f"seed={seed}", f"optimizer.lr={lr}")
            make_run("scheduler=step", f"seed={seed}", f"optimizer.lr={lr}")
    assert comparison(collect([tmp_path / "sweep"]).runs)["verdict"].isna().all()


def test_reason_stands_beside_an_inconclusive_verdict(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 8)
    make_run("scheduler=cosine", "seed=9", status="diverged", accuracy=None)
    rows = comparison(collect([tmp_path / "sweep"]).runs).set_index("scheduler")
    assert rows.loc["cosine", ["verdict", "reason"]].tolist() == ["inconclusive", "1 failed or diverged run"]
    assert pd.isna(rows.loc["constant", "reason"])


@pytest.mark.parametrize("num_seeds", [2, 7])
def test_runs_that_equal_those_of_the_reference_are_identical(
    num_seeds: int, make_run: MakeRun, tmp_path: Path
) -> None:
    for seed in range(num_seeds):
        for scheduler, loss in (("constant", 0.5), ("step", 0.5), ("cosine", 0.4)):
            make_run(f"scheduler={scheduler}", f"seed={seed}", val_loss=loss)
    table = comparison(collect([tmp_path / "sweep"]).runs).set_index("scheduler")
    assert table.loc["step", "verdict"] == "identical"
    assert table.loc["cosine", "verdict"] in ("equivalent", "inconclusive")
    assert table.loc["step", "reason"] == ""


def test_an_outlying_run_of_the_reference_does_not_make_identical_runs_inconclusive(
    make_run: MakeRun, tmp_path: Path
) -> None:
    for seed, accuracy in enumerate([0.9, 0.901, 0.902, 0.9, 0.901, 0.899, 0.5]):
        for scheduler in ("constant", "step"):
            make_run(f"scheduler={scheduler}", f"seed={seed}", accuracy=accuracy)
        make_run("scheduler=cosine", f"seed={seed}", accuracy=0.91)
    table = comparison(collect([tmp_path / "sweep"]).runs).set_index("scheduler")
    assert table.loc["step", ["verdict", "reason"]].tolist() == ["identical", ""]
    assert table.loc["cosine", "verdict"] == "inconclusive"
    assert "outlying" in table.loc["cosine", "reason"]
