"""Runs and their series as tidy tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.analysis import load
from src.analysis.notebook import KEYS
from src.errors import UsageError
from tests.unit.analysis.conftest import GPU, MakeRun


@pytest.fixture
def sweep(make_run: MakeRun, tmp_path: Path) -> Path:
    """Two schedules under two seeds, one of them twice with another rate, and a run that failed before it trained."""
    for seed in (0, 1):
        make_run("scheduler=step", f"seed={seed}")
        make_run("scheduler=step", f"seed={seed}", "optimizer.lr=0.5")
    failed = make_run("scheduler=cosine", status="failed")
    (failed / "history.csv").unlink()
    (failed / "steps.csv").unlink()
    return tmp_path / "sweep"


def test_every_run_is_a_row(sweep: Path) -> None:
    runs = load(sweep).runs
    assert runs.groupby(["label", "lr", "status"]).size().to_dict() == {
        ("cosine", 0.02, "failed"): 1,
        ("step lr=0.02", 0.02, "completed"): 2,
        ("step lr=0.5", 0.5, "completed"): 2,
    }
    assert not {"settings", "provenance"} & set(runs)


def test_label_never_joins_unlike_runs(make_run: MakeRun, tmp_path: Path) -> None:
    unlike = [
        ("epochs=2",), ("epochs=3",), ("epochs=3", "optimizer.lr=0.5"), ("epochs=3", "warmup=0.1"),
        ("epochs=3", "model=lenet"), ("epochs=3", "data=digits", "optimizer=adamw"), ("epochs=3", "batch_size=32"),
        ("epochs=3", "optimizer.weight_decay=0.1"),
    ]  # fmt: skip
    for overrides in unlike:
        for seed in (0, 1):
            make_run("scheduler=step", f"seed={seed}", *overrides)
    make_run("scheduler=step", "seed=2", "epochs=3", **GPU)
    results = load(tmp_path / "sweep")
    completed = results.runs.query("status == 'completed'")
    counts = completed.groupby("label")["test_accuracy"].agg(["mean", "std", "count"])["count"]
    assert sorted(counts) == [1, *[2] * len(unlike)]
    assert (completed.groupby("label")["setting"].nunique() == 1).all()
    assert set(results.histories["label"]) == set(counts.index)
    assert any("lr=0.5" in label and "3 epochs" in label and "lenet" not in label for label in counts.index)


def test_folders_may_be_a_list(sweep: Path) -> None:
    assert load([str(sweep)]).runs.equals(load(sweep).runs)
    with pytest.raises(UsageError, match="no folder: give that of a run or of a sweep"):
        load([])


def test_every_epoch_and_every_step_is_a_row_with_the_keys_of_its_run(sweep: Path) -> None:
    results = load(str(sweep))
    columns = ["epoch", "step", "lr", "train_loss", "train_accuracy", "val_loss", "val_accuracy", "train_seconds"]
    assert list(results.histories) == [*KEYS, *columns]
    assert list(results.steps) == [*KEYS, "step", "lr", "loss"]
    assert results.histories.groupby(["scheduler", "peak_lr", "seed"]).size().to_dict() == {
        ("step", lr, seed): 2 for lr in (0.02, 0.5) for seed in (0, 1)
    }
    assert set(results.histories["lr"]) == {0.01, 0.02}
    assert len(results.steps) == 4 * 40


def test_series_without_any_row_have_their_keys(make_run: MakeRun, tmp_path: Path) -> None:
    failed = make_run(status="failed")
    (failed / "history.csv").unlink()
    results = load(tmp_path / "sweep")
    assert set(results.histories) >= set(KEYS)
    (failed / "steps.csv").write_text("step,lr,loss\n")
    assert list(results.steps) == [*KEYS, "step", "lr", "loss"]
    assert results.histories.empty
    assert results.steps.empty


def test_several_folders_are_one_table_and_problems_are_named(sweep: Path, tmp_path: Path) -> None:
    parts = sorted(sweep.iterdir())
    assert len(load(*parts[:3]).runs) == 3
    (parts[0] / "result.json").write_text("{")
    (problem,) = load(sweep).problems
    assert str(parts[0]) in problem


def test_damaged_series_is_left_out_by_name(sweep: Path) -> None:
    results = load(sweep)
    damaged = Path(results.runs["folder"].iloc[-1])
    (damaged / "history.csv").write_text("")
    assert len(results.histories) == 3 * 2
    assert results.problems == [f"{damaged / 'history.csv'} cannot be read: No columns to parse from file"]


def test_missing_folder_and_folder_without_runs_are_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no such folder: .*nowhere"):
        load(tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"no run records in .*: give the folder of a run or of a sweep"):
        load(tmp_path)
