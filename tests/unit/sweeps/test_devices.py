"""One GPU per worker: pretended GPUs, real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from src.sweeps import launch
from src.sweeps.devices import in_rounds, offering, visible_gpus
from src.sweeps.plan import make_plan
from tests.conftest import ROOT, SMALL
from tests.unit.sweeps.gpu_report import NUM_WORKERS, report_gpu

WORKER = "import os; from src.sweeps.devices import *; claim_gpu(); print(os.environ[VISIBLE], flush=True); input()"


@pytest.mark.parametrize(
    ("runs", "expected"),
    [([], []), ([2], [0, 0]), ([1, 1, 1], [0, 1, 2]), ([1, 3, 2], [0, 1, 2, 1, 2, 1]), ([0, 2], [1, 1]), ([0], [])],
)
def test_slots_go_round_the_gpus(runs: list[int], expected: list[int]) -> None:
    assert in_rounds(runs) == expected


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, ["0", "1"]),
        ({"CUDA_VISIBLE_DEVICES": "5,2"}, ["5", "2"]),
        ({"CUDA_VISIBLE_DEVICES": "GPU-5f,MIG-a0"}, ["GPU-5f", "MIG-a0"]),
        ({"CUDA_VISIBLE_DEVICES": "0,1,-1,3"}, ["0", "1"]),
    ],
)
def test_visible_gpus_are_those_of_the_environment(environment: dict[str, str], expected: list[str]) -> None:
    assert visible_gpus(2, environment) == expected


@contextmanager
def worker() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A process that has claimed a GPU, and which one."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", WORKER], stdin=pipe, stdout=pipe, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip(), process
        finally:
            process.kill()


def test_worker_takes_over_the_gpu_of_one_that_was_killed() -> None:
    with offering(["0", "1", "2"]), worker() as (first, killed), worker() as (second, _):
        assert [first, second] == ["0", "1"]
        killed.kill()
        killed.wait()
        with worker() as (third, _), worker() as (fourth, _):
            assert [third, fourth] == ["0", "2"]


def test_more_workers_than_slots_share_the_gpus() -> None:
    with offering(["4", "7"]), worker() as (first, _), worker() as (second, _), worker() as (third, _):
        assert [first, second, third] == ["4", "7", "4"]


def test_nothing_is_claimed_or_left_behind_without_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    before = dict(os.environ)
    with offering([]):
        assert dict(os.environ) == before
    with offering(["0", "1"]):
        assert dict(os.environ) != before
    assert dict(os.environ) == before


def test_workers_of_a_sweep_have_gpus_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr("src.sweeps.parallelism.runs_per_gpu", lambda: [2, 2])
    monkeypatch.setattr(launch, "run_job", report_gpu)
    launcher = ["hydra/launcher=joblib", f"hydra.launcher.n_jobs={NUM_WORKERS}", f"hydra.sweep.dir={tmp_path}"]
    plan = make_plan([*SMALL, *launcher, f"seed=range({2 * NUM_WORKERS})"])
    launch._launch(plan, plan.jobs)
    gpus = Counter(path.name.partition("-")[0] for path in tmp_path.glob("*-*"))
    assert gpus == {"0": 2, "1": 1}
    assert "CUDA_VISIBLE_DEVICES" not in os.environ
