"""The choice of a learning rate, and which runs count once it is chosen."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from src.analysis.collect import collect
from src.analysis.comparison import comparison
from src.analysis.replicates import with_replicates
from src.analysis.report.tables import format_table, split_by_workload
from src.analysis.tuning import (
    choose,
    evaluation_runs,
    is_tuning,
    runs_by_rate,
    sensitivity,
    tolerance,
    untrainable_schedules,
)
from tests.unit.analysis.conftest import MakeRun


def tune(make_run: MakeRun, scheduler: str, errors: dict[float, list[float | None]], loss: float = 0.5) -> None:
    """Tuning runs of a schedule: final validation errors by learning rate, None for a diverged run."""
    for lr, values in errors.items():
        for seed, error in enumerate(values):
            make_run(
                f"scheduler={scheduler}", f"optimizer.lr={lr}", f"seed={1000 + seed}", "read_test=false",
                val_loss=loss, status="completed" if error is not None else "diverged", accuracy=1 - (error or 0),
            )  # fmt: skip


def chosen_rates(folder: Path, **protocol: object) -> pd.DataFrame:
    runs = with_replicates(collect([folder / "sweep"]).runs, protocol)
    return choose(sensitivity(runs[is_tuning(runs)])).set_index("scheduler")


def test_smallest_median_validation_error_is_chosen(make_run: MakeRun, tmp_path: Path) -> None:
    tune(make_run, "step", {0.01: [0.5, 0.5, 0.5], 0.1: [0.4, 0.4, 0.9], 1.0: [0.1, None, None]})
    tune(make_run, "cosine", {0.01: [0.1], 0.1: [0.2], 1.0: [None]})
    tune(make_run, "rex", {0.01: [None], 0.1: [None]})
    chosen = chosen_rates(tmp_path)
    assert chosen.loc["step", ["lr", "edge"]].tolist() == [0.1, 0]
    assert chosen.loc["step", "median_val_error"] == pytest.approx(0.4)
    assert chosen.loc["cosine", ["lr", "edge"]].tolist() == [0.01, -1]
    assert math.isnan(chosen.loc["rex", "lr"])
    assert chosen.loc["rex", ["edge", "tied"]].tolist() == [-1, ()]  # a smaller one may train it


def test_error_decides_before_the_loss(make_run: MakeRun, tmp_path: Path) -> None:
    tune(make_run, "step", {0.01: [0.03], 1.0: [0.03]}, loss=0.1)
    tune(make_run, "step", {0.1: [0.02]}, loss=0.9)
    assert chosen_rates(tmp_path).loc["step", ["lr", "median_val_loss", "tied"]].tolist() == [0.1, 0.9, ()]


def test_loss_decides_between_equal_errors_and_then_the_smaller_rate(make_run: MakeRun, tmp_path: Path) -> None:
    tune(make_run, "step", {0.01: [0.05], 0.1: [0.03], 10.0: [0.04]}, loss=0.5)
    tune(make_run, "step", {1.0: [0.03]}, loss=0.4)
    tune(make_run, "cosine", {0.01: [0.05], 0.1: [0.03], 1.0: [0.03], 10.0: [0.03]})
    chosen = chosen_rates(tmp_path)
    assert chosen.loc["step", ["lr", "edge", "tied"]].tolist() == [1.0, 0, (0.1,)]
    assert chosen.loc["cosine", ["lr", "edge", "tied"]].tolist() == [0.1, 0, (1.0, 10.0)]


def test_equal_medians_of_two_seeds_are_tied(make_run: MakeRun, tmp_path: Path) -> None:
    tune(make_run, "step", {0.1: [0.011, 0.013], 1.0: [0.012, 0.012]})
    assert chosen_rates(tmp_path).loc["step", "tied"] == (1.0,)


def test_rate_at_which_most_runs_diverge_is_never_chosen(make_run: MakeRun, tmp_path: Path) -> None:
    tune(make_run, "step", {0.1: [0.9, 0.9], 1.0: [0.1, None], 10.0: [None, None]})
    assert chosen_rates(tmp_path).loc["step", "lr"] == 0.1


def test_choice_at_the_upper_edge(make_run: MakeRun, tmp_path: Path) -> None:
    tune(make_run, "step", {0.01: [0.5], 0.1: [0.4], 1.0: [0.3]})
    assert chosen_rates(tmp_path).loc["step", ["lr", "edge"]].tolist() == [1.0, 1]


def test_each_tuning_seed_chooses_for_its_replicate(make_run: MakeRun, tmp_path: Path) -> None:
    tune(make_run, "step", {0.1: [0.02, 0.05], 1.0: [0.03, 0.04], 10.0: [0.5, None]})
    protocol = {"tune_per_seed": True, "tuning_seeds": [1000, 1001], "evaluation_seeds": [3, 2]}
    chosen = chosen_rates(tmp_path, **protocol).set_index("replicate")
    assert chosen["lr"].to_dict() == {0: 0.1, 1: 1.0}
    assert chosen_rates(tmp_path, **(protocol | {"tune_per_seed": False}))["replicate"].tolist() == [-1]
    for lr in (0.1, 1.0, 10.0):
        for seed in (2, 3):
            make_run("scheduler=step", f"optimizer.lr={lr}", f"seed={seed}")
    runs = evaluation_runs(with_replicates(collect([tmp_path / "sweep"]).runs, protocol))
    assert {(row["seed"], row["peak_lr"]) for row in runs.to_dict("records")} == {(3, 0.1), (2, 1.0)}


def test_replicate_that_was_not_tuned_does_not_count(make_run: MakeRun, tmp_path: Path) -> None:
    tune(make_run, "step", {0.1: [0.02, None]})
    for seed in (0, 1, 7):
        make_run("scheduler=step", "optimizer.lr=0.1", f"seed={seed}")
    protocol = {"tune_per_seed": True, "tuning_seeds": [1000, 1001], "evaluation_seeds": [0, 1]}
    runs = with_replicates(collect([tmp_path / "sweep"]).runs, protocol)
    assert evaluation_runs(runs)["seed"].tolist() == [0]
    assert untrainable_schedules(runs).empty


def test_evaluation_runs_exclude_tuning_seeds_and_other_learning_rates(make_run: MakeRun, tmp_path: Path) -> None:
    tune(make_run, "step", {0.1: [0.2, 0.2], 1.0: [0.9, 0.9], 0.01: [0.9, 0.9]})
    for seed in range(3):
        make_run("scheduler=step", "optimizer.lr=0.1", f"seed={seed}", accuracy=0.95)
        make_run("scheduler=step", "optimizer.lr=1.0", f"seed={seed}", accuracy=0.99)  # not the chosen learning rate
        make_run("scheduler=linear", "optimizer.lr=0.3", f"seed={seed}", accuracy=0.91)  # not tuned
    make_run("scheduler=step", "optimizer.lr=0.1", "seed=1000", accuracy=0.99)  # a tuning seed
    runs = evaluation_runs(collect([tmp_path / "sweep"]).runs)
    assert not set(runs["seed"]) & {1000, 1001}
    table = comparison(runs).set_index("scheduler")
    assert table.loc["step", ["lr", "n", "seeds"]].tolist() == [0.1, 3, "0 1 2"]
    assert table.loc["step", "test_accuracy_mean"] == pytest.approx(0.95)
    assert table.loc["linear", "n"] == 3


def test_tolerance_is_the_range_of_good_learning_rates_in_decades(make_run: MakeRun, tmp_path: Path) -> None:
    for lr, accuracy in {0.001: 0.5, 0.01: 0.977, 0.1: 0.98, 1.0: 0.976, 10.0: 0.98 - 0.0051}.items():
        make_run("scheduler=step", f"optimizer.lr={lr}", "seed=1000", "read_test=false", accuracy=accuracy)
    assert tolerance(sensitivity(collect([tmp_path / "sweep"]).runs)) == (pytest.approx(2), False)


def test_tolerance_ends_at_divergence_or_at_the_edge_of_the_grid(make_run: MakeRun, tmp_path: Path) -> None:
    tune(make_run, "step", {0.01: [0.404], 0.1: [0.4], 1.0: [None]})
    tune(make_run, "rex", {0.01: [None], 0.1: [None]})
    grids = dict(list(sensitivity(collect([tmp_path / "sweep"]).runs).groupby("scheduler")))
    assert tolerance(grids["step"]) == (pytest.approx(1), True)
    decades, is_lower_bound = tolerance(grids["rex"])
    assert math.isnan(decades)
    assert not is_lower_bound


def test_untrainable_schedule_has_a_row(make_run: MakeRun, tmp_path: Path) -> None:
    tune(make_run, "step", {0.1: [0.2]})
    tune(make_run, "rex", {0.1: [None]})
    make_run("scheduler=step", "optimizer.lr=0.1", "seed=0")
    runs = collect([tmp_path / "sweep"]).runs
    table = comparison(evaluation_runs(runs), without_result=untrainable_schedules(runs))
    assert list(table["scheduler"]) == ["step", "rex"]
    assert table["n"].tolist() == [1, 0]
    assert format_table(split_by_workload(table)[0][1]).loc[1, ["peak lr", "test error %"]].tolist() == ["–", "–"]


def test_runs_by_rate_are_tuning_runs_or_those_of_schedules_with_several_rates(
    make_run: MakeRun, tmp_path: Path
) -> None:
    for name, lr in (("step", 0.1), ("step", 0.2), ("cosine", 0.1)):
        make_run(f"scheduler={name}", f"optimizer.lr={lr}")
    runs = collect([tmp_path / "sweep"]).runs
    assert runs_by_rate(runs)[["scheduler", "lr"]].to_numpy().tolist() == [["step", 0.1], ["step", 0.2]]
    tune(make_run, "cosine", {0.1: [0.5]})
    runs = collect([tmp_path / "sweep"]).runs
    assert runs_by_rate(runs)[["scheduler", "seed"]].to_numpy().tolist() == [["cosine", 1000]]
