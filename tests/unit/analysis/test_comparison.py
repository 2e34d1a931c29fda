"""Means over seeds, best first; differences to a reference; what was tuned; nothing mixed that is not comparable."""

from __future__ import annotations

import math
import statistics
from pathlib import Path

import pandas as pd
import pytest

from src.analysis.collect import collect
from src.analysis.comparison import comparison, evaluated, pairwise, untrainable
from src.analysis.report.tables import readable, workloads
from src.analysis.tuning import choose, sensitivity, tolerance
from tests.unit.analysis.conftest import MakeRun


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
    return dict(workloads(table))[title]


MAIN = "digits · softmax · sgd · 2 epochs · batch 64"


def test_mean_and_sample_standard_deviation_over_seeds(table: pd.DataFrame) -> None:
    step = rows_of(table, MAIN).set_index("scheduler").loc["step"]
    assert step["n"] == 3
    assert step["seeds"] == "0 1 2"
    assert step["test_accuracy_mean"] == pytest.approx(statistics.mean([0.90, 0.92, 0.97]))
    assert step["test_accuracy_sd"] == pytest.approx(statistics.stdev([0.90, 0.92, 0.97]))


def test_best_first_but_what_lost_runs_is_never_first(table: pd.DataFrame) -> None:
    assert list(rows_of(table, MAIN)["scheduler"]) == ["cosine", "step", "one_cycle", "cyclic"]


def test_lost_runs_are_counted_and_not_averaged(table: pd.DataFrame) -> None:
    rows = rows_of(table, MAIN).set_index("scheduler")
    assert (rows.loc["one_cycle", "n"], rows.loc["one_cycle", "diverged"]) == (2, 1)
    assert (rows.loc["cyclic", "n"], rows.loc["cyclic", "diverged"]) == (0, 3)
    assert pd.isna(rows.loc["cyclic", "test_accuracy_mean"])


def test_data_sets_and_budgets_are_never_mixed(table: pd.DataFrame) -> None:
    titles = [title for title, _ in workloads(table)]
    assert titles == [
        MAIN,
        "digits · softmax · sgd · 3 epochs · batch 64",
        "other · softmax · sgd · 2 epochs · batch 64",
    ]
    assert all(rows["dataset"].nunique() == 1 for _, rows in workloads(table))


def test_the_others_are_compared_with_the_reference(table: pd.DataFrame, runs: pd.DataFrame) -> None:
    assert rows_of(table, MAIN)["verdict"].isna().all()  # there is no constant
    other = comparison(runs, "step")
    rows = rows_of(other, MAIN).set_index("scheduler")
    assert pd.isna(rows.loc["step", "verdict"])
    assert rows.loc["cosine", "difference"] == pytest.approx(-0.03)
    assert rows.loc["cosine", "paired"] == 3
    assert rows.loc["one_cycle", "paired"] == 2
    assert rows.loc["cyclic", "verdict"] == "inconclusive"
    assert set(rows["reference"]) == {"step"}


def test_ten_paired_seeds_make_a_verdict(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(10):
        hard = 0.002 * (seed % 3)
        make_run("scheduler=constant", f"seed={seed}", accuracy=0.90 - hard)
        make_run("scheduler=cosine", f"seed={seed}", accuracy=0.93 - hard - 0.0001 * seed)
        make_run("scheduler=step", f"seed={seed}", accuracy=0.90 - hard + 0.001 * (-1) ** seed)
        make_run("scheduler=rex", f"seed={seed}", accuracy=0.80, status="completed" if seed else "failed")
    rows = comparison(collect([tmp_path / "sweep"]).runs).set_index("scheduler")
    assert rows["verdict"].dropna().to_dict() == {"cosine": "better", "step": "equivalent", "rex": "worse"}
    assert rows.loc["cosine", "p"] == 2 / 2**10
    assert rows.loc["cosine", "p_holm"] == pytest.approx(3 * 2 / 2**10)  # the smallest of three
    low, high = rows.loc["cosine", ["difference_low", "difference_high"]]
    assert low < rows.loc["cosine", "difference"] < high < 0


def test_several_settings_of_the_reference_are_no_reference(make_run: MakeRun, tmp_path: Path) -> None:
    for lr in (0.1, 0.2):
        for seed in range(3):
            make_run("scheduler=constant", f"seed={seed}", f"optimizer.lr={lr}")
            make_run("scheduler=step", f"seed={seed}", f"optimizer.lr={lr}")
    assert comparison(collect([tmp_path / "sweep"]).runs)["verdict"].isna().all()


def test_a_missed_target_is_counted_and_survives_the_median(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(4):
        make_run("scheduler=constant", f"seed={seed}", reached={"0.8": 1, "0.99": 2})
        make_run("scheduler=step", f"seed={seed}", reached={"0.8": 1, "0.99": 3 if seed == 0 else None})
    rows = comparison(collect([tmp_path / "sweep"]).runs).set_index("scheduler")
    assert set(rows["target"]) == {0.99}  # more than half of all runs got there
    assert rows.loc["constant", ["epoch_to_target", "reached", "tried"]].tolist() == [2, 4, 4]
    assert rows.loc["step", ["epoch_to_target", "reached", "tried"]].tolist() == [math.inf, 1, 4]


def test_a_lost_run_never_reached_a_target(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(4):
        make_run("scheduler=constant", f"seed={seed}", reached={"0.8": 1})
        make_run("scheduler=step", f"seed={seed}", reached={"0.8": 1}, status="diverged" if seed else "failed")
    rows = comparison(collect([tmp_path / "sweep"]).runs).set_index("scheduler")
    assert rows.loc["step", ["epoch_to_target", "reached", "tried"]].tolist() == [math.inf, 0, 4]


# --- what was tuned -------------------------------------------------------------------------------------------------


def tune(make_run: MakeRun, scheduler: str, losses: dict[float, list[float | None]]) -> None:
    for lr, values in losses.items():
        for seed, loss in enumerate(values):
            make_run(
                f"scheduler={scheduler}", f"optimizer.lr={lr}", f"seed={1000 + seed}", "read_test=false",
                val_loss=loss, status="completed" if loss is not None else "diverged", accuracy=0.9,
            )  # fmt: skip


def test_the_smallest_median_validation_loss_is_chosen(make_run: MakeRun, tmp_path: Path) -> None:
    tune(make_run, "step", {0.01: [0.5, 0.5, 0.5], 0.1: [0.4, 0.4, 9.0], 1.0: [0.1, None, None]})
    tune(make_run, "cosine", {0.01: [0.1], 0.1: [0.2], 1.0: [None]})
    tune(make_run, "rex", {0.01: [None], 0.1: [None]})
    chosen = choose(sensitivity(collect([tmp_path / "sweep"]).runs)).set_index("scheduler")
    assert chosen.loc["step", ["lr", "edge"]].tolist() == [0.1, 0]
    assert chosen.loc["cosine", ["lr", "edge"]].tolist() == [0.01, -1]
    assert math.isnan(chosen.loc["rex", "lr"])
    assert chosen.loc["rex", "edge"] == -1  # smaller ones may do


def test_the_larger_edge_and_equal_losses(make_run: MakeRun, tmp_path: Path) -> None:
    tune(make_run, "step", {0.01: [0.5], 0.1: [0.4], 1.0: [0.3]})
    tune(make_run, "cosine", {0.01: [0.5], 0.1: [0.3], 1.0: [0.3], 10.0: [0.4]})
    chosen = choose(sensitivity(collect([tmp_path / "sweep"]).runs)).set_index("scheduler")
    assert chosen.loc["step", ["lr", "edge"]].tolist() == [1.0, 1]
    assert chosen.loc["cosine", ["lr", "edge"]].tolist() == [0.1, 0]


def test_tuning_seeds_are_in_no_reported_number(make_run: MakeRun, tmp_path: Path) -> None:
    tune(make_run, "step", {0.1: [0.2, 0.2], 1.0: [0.9, 0.9], 0.01: [0.9, 0.9]})
    for seed in range(3):
        make_run("scheduler=step", "optimizer.lr=0.1", f"seed={seed}", accuracy=0.95)
        make_run("scheduler=step", "optimizer.lr=1.0", f"seed={seed}", accuracy=0.99)  # of another choice, once
        make_run("scheduler=linear", "optimizer.lr=0.3", f"seed={seed}", accuracy=0.91)  # was not tuned
    make_run("scheduler=step", "optimizer.lr=0.1", "seed=1000", accuracy=0.99)  # with a seed it was chosen with
    counted = evaluated(collect([tmp_path / "sweep"]).runs)
    assert not set(counted["seed"]) & {1000, 1001}
    table = comparison(counted).set_index("scheduler")
    assert table.loc["step", ["lr", "n", "seeds"]].tolist() == [0.1, 3, "0 1 2"]
    assert table.loc["step", "test_accuracy_mean"] == pytest.approx(0.95)
    assert table.loc["linear", "n"] == 3


def test_tolerance_is_how_far_the_lr_may_stray(make_run: MakeRun, tmp_path: Path) -> None:
    for lr, accuracy in {0.001: 0.5, 0.01: 0.977, 0.1: 0.98, 1.0: 0.976, 10.0: 0.98 - 0.0051}.items():
        make_run("scheduler=step", f"optimizer.lr={lr}", "seed=1000", "read_test=false", accuracy=accuracy)
    assert tolerance(sensitivity(collect([tmp_path / "sweep"]).runs)) == (pytest.approx(2), False)


def test_tolerance_ends_where_runs_are_lost_and_may_be_cut_off_by_the_grid(make_run: MakeRun, tmp_path: Path) -> None:
    tune(make_run, "step", {0.01: [0.5], 0.1: [0.4], 1.0: [None]})
    tune(make_run, "rex", {0.01: [None], 0.1: [None]})
    grids = dict(list(sensitivity(collect([tmp_path / "sweep"]).runs).groupby("scheduler")))
    assert tolerance(grids["step"]) == (pytest.approx(1), True)
    decades, at_least = tolerance(grids["rex"])
    assert math.isnan(decades)
    assert not at_least


def test_what_no_rate_trains_has_a_row(make_run: MakeRun, tmp_path: Path) -> None:
    tune(make_run, "step", {0.1: [0.2]})
    tune(make_run, "rex", {0.1: [None]})
    make_run("scheduler=step", "optimizer.lr=0.1", "seed=0")
    runs = collect([tmp_path / "sweep"]).runs
    table = comparison(evaluated(runs), without_result=untrainable(runs))
    assert list(table["scheduler"]) == ["step", "rex"]
    assert table["n"].tolist() == [1, 0]
    assert readable(workloads(table)[0][1]).loc[1, ["peak lr", "test error %"]].tolist() == ["–", "–"]


# --- pairs ----------------------------------------------------------------------------------------------------------


def test_every_two_settings_are_a_pair_over_their_common_seeds(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(8):
        make_run("scheduler=constant", f"seed={seed}", accuracy=0.90 + seed / 1000)
        make_run("scheduler=step", f"seed={seed}", accuracy=0.92 + seed / 500, status="completed" if seed else "failed")
        if seed < 5:
            make_run("scheduler=step", "warmup=0.5", f"seed={seed}", accuracy=0.95)
    make_run("scheduler=rex", accuracy=0.95)  # of one seed nothing can be said
    pairs = pairwise(collect([tmp_path / "sweep"]).runs)
    assert [*zip(pairs["first"], pairs["first_warmup"], pairs["second"], pairs["second_warmup"], strict=True)] == [
        ("constant", 0, "step", 0), ("constant", 0, "step", 0.5), ("step", 0, "step", 0.5),
    ]  # fmt: skip
    assert pairs["n"].tolist() == [7, 5, 4]
    assert pairs["second_lost"].tolist() == [1, 0, 0]
    assert pairs["difference"].iloc[0] == pytest.approx(statistics.mean(0.02 + seed / 1000 for seed in range(1, 8)))
    assert pairs["p"].tolist() == [2 / 2**7, 2 / 2**5, 2 / 2**4]
    assert pairs["p_holm"].tolist() == pytest.approx([3 * 2 / 2**7, 2 * 2 / 2**5, 2 / 2**4])
    assert pairs["p_better"].tolist() == [0, 0, 0]
