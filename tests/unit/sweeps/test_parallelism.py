"""Launchers, workers and threads of a sweep."""

from __future__ import annotations

import joblib
import pytest
import torch

from src.errors import UsageError
from src.sweeps import parallelism
from src.sweeps.parallelism import concurrent_jobs, default_workers, num_workers, with_launcher
from src.sweeps.plan import make_plan
from tests.conftest import SMALL


@pytest.fixture
def _four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallelism, "default_workers", lambda: 4)
    monkeypatch.setattr(joblib, "cpu_count", lambda: 4)


def lines(*overrides: str) -> dict[str, str]:
    return {line.partition("=")[0]: line for line in overrides}


@pytest.mark.usefixtures("_four_cores")
@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ([], ["hydra/launcher=joblib", "hydra.launcher.n_jobs=4", "trainer.num_threads=1"]),
        (["trainer.num_threads=3"], ["hydra/launcher=joblib", "hydra.launcher.n_jobs=4", "trainer.num_threads=3"]),
        (["hydra.launcher.n_jobs=-1"], ["hydra/launcher=joblib", "hydra.launcher.n_jobs=-1", "trainer.num_threads=1"]),
        (["hydra.launcher.n_jobs=1"], ["hydra/launcher=joblib", "hydra.launcher.n_jobs=1"]),  # all threads for one
        (["hydra/launcher=basic"], ["hydra/launcher=basic"]),
        (["hydra/launcher=ray"], ["hydra/launcher=ray", "trainer.num_threads=1"]),
    ],
)
def test_parallel_sweeps_get_workers_and_one_thread_each(overrides: list[str], expected: list[str]) -> None:
    assert with_launcher(lines(*overrides)) == lines(*expected)


def test_zero_workers_are_refused() -> None:
    with pytest.raises(UsageError, match="n_jobs=0: must be a positive number of workers, or -1 for one per core"):
        with_launcher(lines("hydra.launcher.n_jobs=0"))


@pytest.mark.parametrize(("gpus", "workers"), [(0, 16), (1, 4), (8, 16)])
def test_default_is_one_worker_per_core_and_a_few_per_gpu(
    gpus: int, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joblib, "cpu_count", lambda: 16)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    assert default_workers() == workers


@pytest.mark.usefixtures("_four_cores")
@pytest.mark.parametrize(
    ("overrides", "jobs"),
    [
        (["hydra/launcher=basic"], 1),
        (["hydra/launcher=joblib"], 4),
        (["hydra/launcher=joblib", "hydra.launcher.n_jobs=3"], 3),
        (["hydra/launcher=joblib", "hydra.launcher.n_jobs=-2"], 3),
    ],
)
def test_launcher_decides_how_many_jobs_run_at_once(overrides: list[str], jobs: int) -> None:
    assert concurrent_jobs(make_plan([*SMALL, *overrides])) == jobs


def test_workers_of_a_cluster_are_unknown() -> None:
    assert num_workers({"_target_": "hydra_plugins.hydra_ray_launcher.ray_launcher.RayLauncher"}) is None
