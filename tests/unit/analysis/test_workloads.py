"""Workloads: runs that were not made alike are never in one table, and the titles of their tables differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from src.analysis.collect import collect
from src.analysis.comparison import comparison
from src.analysis.report.tables import split_by_workload
from src.analysis.tuning import choose, sensitivity
from src.data.dataset import validation_digest
from tests.unit.analysis.conftest import GPU, NO_DEVICE, PROVENANCE, MakeRun

VALIDATION = validation_digest(1437, 180)
TITLE = "digits · softmax · sgd · 2 epochs · batch 64"


def tables(folder: Path) -> dict[str, pd.DataFrame]:
    return dict(split_by_workload(comparison(collect([folder / "sweep"]).runs)))


@pytest.mark.parametrize(
    ("changes", "titles"),
    [
        ({}, {TITLE}),
        (GPU, {f"{TITLE} · cpu · fp32", f"{TITLE} · cuda · bf16"}),
        ({"precision": "bf16"}, {f"{TITLE} · fp32", f"{TITLE} · bf16"}),
        (
            {"validation_examples": "aaaa"},
            {f"{TITLE} · validation set {VALIDATION}", f"{TITLE} · validation set aaaa"},
        ),
    ],
)
def test_runs_of_other_conditions_have_tables_of_their_own(
    make_run: MakeRun, tmp_path: Path, changes: dict[str, Any], titles: set[str]
) -> None:
    for seed in range(3):
        make_run("scheduler=cosine", f"seed={seed}")
        make_run("scheduler=cosine", f"seed={seed + 3}", **changes)
    by_title = tables(tmp_path)
    assert by_title.keys() == titles
    assert sum(int(rows["n"].sum()) for rows in by_title.values()) == 6


def test_learning_rates_are_chosen_for_each_kind_of_device(make_run: MakeRun, tmp_path: Path) -> None:
    for lr, cpu_loss, gpu_loss in (("0.1", 0.2, 0.5), ("0.3", 0.5, 0.2)):
        make_run(f"optimizer.lr={lr}", "read_test=false", val_loss=cpu_loss)
        make_run(f"optimizer.lr={lr}", "read_test=false", "seed=1", val_loss=gpu_loss, **GPU)
    choices = choose(sensitivity(collect([tmp_path / "sweep"]).runs)).set_index("device_type")
    assert choices["lr"].to_dict() == {"cpu": 0.1, "cuda": 0.3}


def test_run_that_failed_early_is_counted_with_the_others_of_its_setting(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=step")
    make_run("scheduler=cosine", "seed=0", **GPU)
    make_run("scheduler=cosine", "seed=1", **NO_DEVICE)
    rows = tables(tmp_path)[f"{TITLE} · cuda · bf16"]
    assert rows[["n", "failed"]].to_numpy().tolist() == [[1, 1]]


def test_setting_whose_runs_all_failed_early_is_counted_with_the_other_settings(
    make_run: MakeRun, tmp_path: Path
) -> None:
    make_run("scheduler=step")
    for seed in range(2):
        make_run("scheduler=cosine", f"seed={seed}", **NO_DEVICE)
    ((title, rows),) = tables(tmp_path).items()
    assert title == TITLE
    assert rows.set_index("scheduler")["failed"].to_dict() == {"step": 0, "cosine": 2}


def test_report_in_which_every_run_failed_early_has_one_table(make_run: MakeRun, tmp_path: Path) -> None:
    for scheduler in ("step", "cosine"):
        make_run(f"scheduler={scheduler}", **NO_DEVICE)
    assert tables(tmp_path).keys() == {TITLE}


@pytest.mark.parametrize(
    ("entry", "value", "on"),
    [
        ("num_threads", 16, "AMD EPYC (family 26, model 2, stepping 1), 2 cores, AVX512, 16 threads, 2 workers"),
        ("num_workers", 1, "AMD EPYC (family 26, model 2, stepping 1), 2 cores, AVX512, 1 thread, 1 worker"),
        ("num_workers", None, "AMD EPYC (family 26, model 2, stepping 1), 2 cores, AVX512, 1 thread"),
        ("cpu", None, "AMD EPYC, 2 cores, 1 thread, 2 workers"),  # as older records name it
    ],
)
def test_time_budgets_are_compared_at_equal_speed_only(
    make_run: MakeRun, tmp_path: Path, entry: str, value: object, on: str
) -> None:
    for overrides in (("seconds=5", "interval=second"), ()):
        make_run("scheduler=cosine", "seed=0", *overrides)
        make_run("scheduler=cosine", "seed=1", *overrides, provenance=PROVENANCE | {entry: value})
        make_run("scheduler=cosine", "seed=2", *overrides, **NO_DEVICE)
    runs = collect([tmp_path / "sweep"]).runs
    usual = "AMD EPYC (family 26, model 2, stepping 1), 2 cores, AVX512, 1 thread, 2 workers"
    assert set(runs["timed_on"][runs["seconds"].notna()]) == {usual, on}
    assert set(runs["timed_on"][runs["seconds"].isna()]) == {""}
    timed = "digits · softmax · sgd · 5 s · batch 64"
    assert tables(tmp_path).keys() == {TITLE, f"{timed} · {usual}", f"{timed} · {on}"}
