"""The target, and the times to reach it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from src.analysis.collect import collect
from src.analysis.comparison import comparison
from tests.unit.analysis.conftest import MakeRun


def targets(folder: Path, *schedulers: str, reference: str = "constant") -> set[float | None]:
    runs = collect([folder / "sweep"]).runs
    return set(comparison(runs[runs["scheduler"].isin(schedulers)], reference)["target"].dropna())


def test_target_does_not_depend_on_the_other_schedules(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(3):
        make_run("scheduler=constant", f"seed={seed}", reached={"0.8": 1, "0.9": 2, "0.99": None})
        make_run("scheduler=step", f"seed={seed}", reached={"0.8": 1, "0.9": 1, "0.99": 2})
        make_run("scheduler=rex", f"seed={seed}", reached={"0.8": None, "0.9": None, "0.99": None})
    for others in ((), ("step",), ("rex",), ("step", "rex")):
        assert targets(tmp_path, "constant", *others) == {0.9}
    assert targets(tmp_path, "constant", "step", reference="step") == {0.99}


@pytest.mark.parametrize(
    ("reached", "status", "target"), [(1, "completed", {0.8}), (2, "completed", {0.9}), (2, "diverged", {0.8})]
)
def test_more_than_half_of_the_runs_of_the_reference_reach_the_target(
    make_run: MakeRun, tmp_path: Path, reached: int, status: str, target: set[float]
) -> None:
    for seed in range(3):
        epochs = {"0.8": 1, "0.9": 2 if seed < reached else None}
        make_run("scheduler=constant", f"seed={seed}", reached=epochs, status=status if seed == 0 else "completed")
    make_run("scheduler=constant", "seed=3", reached={"0.8": None, "0.9": None}, status="interrupted")
    assert targets(tmp_path, "constant") == target


def test_no_target_without_a_single_reference(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=step")
    assert targets(tmp_path, "step") == set()
    make_run("scheduler=constant", "optimizer.lr=0.1")
    make_run("scheduler=constant", "optimizer.lr=0.2")
    assert targets(tmp_path, "constant", "step") == set()


def test_missed_target_counts_as_infinite_time(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(4):
        make_run("scheduler=constant", f"seed={seed}", reached={"0.8": 1, "0.99": 2})
        make_run("scheduler=step", f"seed={seed}", reached={"0.8": 1, "0.99": 3 if seed == 0 else None})
    rows = comparison(collect([tmp_path / "sweep"]).runs).set_index("scheduler")
    assert set(rows["target"]) == {0.99}  # every run of the reference reached it
    assert rows.loc["constant", ["epoch_to_target", "reached", "tried"]].tolist() == [2, 4, 4]
    assert rows.loc["step", ["epoch_to_target", "reached", "tried"]].tolist() == [math.inf, 1, 4]


def test_failed_or_diverged_run_never_reaches_a_target(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(4):
        make_run("scheduler=constant", f"seed={seed}", reached={"0.8": 1})
        make_run("scheduler=step", f"seed={seed}", reached={"0.8": 1}, status="diverged" if seed else "failed")
    rows = comparison(collect([tmp_path / "sweep"]).runs).set_index("scheduler")
    assert rows.loc["step", ["epoch_to_target", "reached", "tried"]].tolist() == [math.inf, 0, 4]
