"""Launchers, workers and threads of a sweep."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import joblib
import pytest
import torch

from src.errors import UsageError
from src.sweeps import parallelism
from src.sweeps.parallelism import (
    check_workers,
    concurrent_jobs,
    default_workers,
    free_memory,
    num_workers,
    with_launcher,
    worker_gpus,
    workers_to_start,
)
from src.sweeps.plan import make_plan
from tests.conftest import ROOT, SMALL
from tests.unit.sweeps.conftest import plain_plan


@pytest.fixture
def _four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallelism, "default_workers", lambda *devices: 4)
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
        check_workers({"n_jobs": 0})


@pytest.fixture(autouse=True)
def _fresh_memory() -> Iterator[None]:
    free_memory.cache_clear()
    yield
    free_memory.cache_clear()


def pretend_gpus(monkeypatch: pytest.MonkeyPatch, *gigabytes: float) -> None:
    """Makes up GPUs with this much free memory, on a machine of 16 cores."""
    monkeypatch.setattr(joblib, "cpu_count", lambda: 16)
    monkeypatch.setattr(parallelism, "free_memory", lambda: tuple(int(size * 2**30) for size in gigabytes))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.mark.parametrize(("gpus", "workers"), [(0, 16), (1, 4), (8, 16)])
def test_default_is_one_worker_per_core_and_a_few_per_gpu(
    gpus: int, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joblib, "cpu_count", lambda: 16)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    monkeypatch.setattr(parallelism, "_FREE_BYTES", "")  # the memory cannot be read
    assert default_workers() == workers


def test_free_memory_is_what_another_process_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(parallelism, "_FREE_BYTES", "print(7, 8)")
    assert free_memory() == (7, 8)


def test_torch_is_not_imported_where_there_is_no_driver() -> None:
    code = (  # no file has the name of the library, and the folder / stands for a device
        "import sys; from src.sweeps import parallelism\n"
        "parallelism.ctypes.CDLL, parallelism._GPU_DEVICES = open, ('/',) if len(sys.argv) > 1 else ()\n"
        "print(parallelism.may_have_gpu(), 'torch' in sys.modules)"
    )
    for arguments, answer in ([], "False False"), (["other"], "True False"):
        done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True)
        assert (done.stdout.strip(), done.stderr) == (answer, "")


@pytest.mark.parametrize(
    ("gigabytes", "devices", "workers"),
    [
        ([80.0, 80.0], ["auto"], 8),
        ([5.9], ["auto"], 2),
        ([80.0, 5.9, 0.5], ["cuda"], 6),
        ([0.5, 1.5], ["auto"], 1),
        ([80.0, 5.9], ["cuda:1"], 2),
        ([80.0, 5.9, 80.0], ["cuda:1", "cuda:2"], 6),
        ([80.0], ["cpu"], 16),
        ([80.0], ["cpu", "cuda"], 4),
    ],
)
def test_default_is_what_fits_into_the_free_memory(
    gigabytes: list[float], devices: list[str], workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_gpus(monkeypatch, *gigabytes)
    assert default_workers(devices) == workers
    launcher = with_launcher(lines(f"trainer.device={','.join(devices)}"))
    assert launcher["hydra.launcher.n_jobs"] == f"hydra.launcher.n_jobs={workers}"


JOBLIB = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=8")


@pytest.mark.parametrize(
    ("gigabytes", "overrides", "expected"),
    [
        ([80.0, 80.0], JOBLIB, ["0", "1", "0", "1", "0", "1", "0", "1"]),
        ([80.0, 5.9, 0.5], JOBLIB, ["0", "1", "0", "1", "0", "0"]),
        ([0.5, 1.5], JOBLIB, ["1"]),
        ([80.0, 80.0], [*JOBLIB, "trainer.device=cuda"], ["0", "1", "0", "1", "0", "1", "0", "1"]),
        ([80.0, 80.0], [*JOBLIB, "trainer.device=cuda:1"], []),
        ([80.0, 80.0], [*JOBLIB, "trainer.device=auto,cuda:1"], []),
        ([80.0, 80.0], [*JOBLIB, "trainer.device=cpu"], []),
        ([80.0], JOBLIB, []),
        ([], JOBLIB, []),
        ([80.0, 80.0], ["hydra/launcher=basic"], []),
    ],
)
def test_workers_take_turns_on_gpus_unless_the_sweep_names_one(
    gigabytes: list[float], overrides: Sequence[str], expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_gpus(monkeypatch, *gigabytes)
    assert worker_gpus(make_plan([*SMALL, *overrides])) == expected


def test_gpus_that_the_user_hides_stay_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_gpus(monkeypatch, 5.9, 5.9)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,GPU-5f")
    assert worker_gpus(make_plan([*SMALL, *JOBLIB])) == ["3", "GPU-5f", "3", "GPU-5f"]


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


@pytest.mark.parametrize(
    ("overrides", "workers"),
    [
        (("hydra.launcher.n_jobs=64", "seed=0,1,2"), 3),
        (("hydra.launcher.n_jobs=2", "seed=0,1,2"), 2),
        (("hydra.launcher.n_jobs=64", "seed=0"), 2),  # one would be this process
        (("hydra.launcher.n_jobs=1", "seed=0,1,2"), 1),
        (("hydra/launcher=basic", "seed=0,1,2"), None),
    ],
)
def test_no_more_workers_start_than_there_are_jobs(
    overrides: tuple[str, ...], workers: int | None, tmp_path: Path
) -> None:
    launcher = () if "hydra/launcher=basic" in overrides else ("hydra/launcher=joblib",)
    assert workers_to_start(plain_plan(tmp_path, *launcher, *overrides)) == workers
