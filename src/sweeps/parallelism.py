"""How many runs of a sweep execute at once: the default launcher, its workers, their threads and their GPUs."""

from __future__ import annotations

import ctypes
import functools
import os
import subprocess
import sys
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import joblib

from src.announce import announcing
from src.errors import UsageError
from src.sweeps.devices import in_rounds, visible_gpus

if TYPE_CHECKING:
    from src.sweeps.plan import Plan

RUNS_PER_GPU = 4  # at most, however large its memory
BYTES_PER_RUN = 2 * 2**30  # an estimate: CUDA itself, the data set, and evaluation of the largest model
_LAUNCHER, _NUM_WORKERS, _NUM_THREADS = "hydra/launcher", "hydra.launcher.n_jobs", "trainer.num_threads"
_DEVICE = "trainer.device"
_GPU_DEVICES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")  # of NVIDIA, of AMD, and of Windows under WSL
_FREE_BYTES = "import torch; print(*(torch.cuda.mem_get_info(gpu)[0] for gpu in range(torch.cuda.device_count())))"


def with_launcher(overrides_by_key: Mapping[str, str]) -> dict[str, str]:
    """Adds launcher defaults to overrides: joblib, one worker per core, one torch thread per worker."""
    completed = {_LAUNCHER: f"{_LAUNCHER}=joblib", **overrides_by_key}
    if "joblib" in completed[_LAUNCHER]:
        devices = completed.get(_DEVICE, "auto").rpartition("=")[2].split(",")
        completed.setdefault(_NUM_WORKERS, f"{_NUM_WORKERS}={default_workers(devices)}")
    if "basic" not in completed[_LAUNCHER] and not completed.get(_NUM_WORKERS, "").endswith("=1"):
        completed.setdefault(_NUM_THREADS, f"{_NUM_THREADS}=1")  # threads of several workers would compete for cores
    return completed


def check_workers(launcher: Mapping[str, Any]) -> None:
    """Rejects joblib's launcher without workers.

    Raises:
        UsageError: the number of workers is 0.
    """
    if launcher.get("n_jobs") == 0:
        raise UsageError(f"{_NUM_WORKERS}=0: must be a positive number of workers, or -1 for one per core")


def default_workers(devices: Collection[str] = ("auto",)) -> int:
    """One worker per available core; on GPUs, no more runs than fit.

    Args:
        devices: The values of `trainer.device` in the sweep.
    """
    cores: int = joblib.cpu_count()
    runs = [] if set(devices) == {"cpu"} else runs_per_gpu()
    if all(device.startswith("cuda:") for device in devices):  # other GPUs stay idle
        runs = [limit for gpu, limit in enumerate(runs) if f"cuda:{gpu}" in devices]
    return min(cores, sum(runs)) or 1 if runs else cores


def worker_gpus(plan: Plan) -> list[str]:
    """The GPU of each worker's slot, as CUDA_VISIBLE_DEVICES names it; empty if workers are to see all GPUs.

    They see all in a sweep that names one (`trainer.device=cuda:1`).
    """
    devices = {job.config.trainer.device for job in plan.jobs}
    if plan.multirun.launcher_class != "JoblibLauncher" or devices == {"cpu"} or not devices <= {"cpu", "cuda", "auto"}:
        return []
    runs = runs_per_gpu()
    names = visible_gpus(len(runs), os.environ)
    return [names[gpu] for gpu in in_rounds(runs)] if len(runs) > 1 else []


def runs_per_gpu() -> list[int]:
    """How many runs fit into the free memory of each GPU, at most a few. One fits on the emptiest GPU in any case."""
    free = free_memory()
    runs = [min(RUNS_PER_GPU, size // BYTES_PER_RUN) for size in free]
    return runs if any(runs) else [int(size == max(free)) for size in free]


@functools.cache  # before the sweep has taken any
def free_memory() -> tuple[int, ...]:
    """Bytes that are free on each GPU.

    A process of its own reads them, because CUDA would keep some hundred MiB on every GPU for as long as this one runs.
    """
    if not may_have_gpu():
        return ()
    with announcing("loading torch"):
        import torch

    if not torch.cuda.is_available():
        return ()
    unknown = (RUNS_PER_GPU * BYTES_PER_RUN,) * torch.cuda.device_count()
    try:
        reader = subprocess.run([sys.executable, "-c", _FREE_BYTES], capture_output=True, text=True, timeout=60)
        return tuple(map(int, reader.stdout.split())) or unknown
    except (OSError, ValueError, subprocess.SubprocessError):
        return unknown


def may_have_gpu() -> bool:
    """Whether torch could find a GPU. Without a driver it cannot, which is known sooner than torch is imported."""
    if "torch" in sys.modules or sys.platform != "linux" or any(map(os.path.exists, _GPU_DEVICES)):
        return True
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True


def concurrent_jobs(plan: Plan) -> int:
    """How many jobs run at once. The capacity of a cluster is unknown, so this machine's default is used."""
    return num_workers(plan.multirun.launcher) or default_workers()


def workers_to_start(plan: Plan) -> int | None:
    """How many worker processes the jobs of the plan keep busy; None if that is up to the launcher.

    At least two of several: joblib has the jobs of a single one run in this process.
    """
    if plan.multirun.launcher_class != "JoblibLauncher":
        return None
    workers = num_workers(plan.multirun.launcher) or 1
    return min(workers, max(2, len(plan.jobs)))


def num_workers(launcher: Mapping[str, Any]) -> int | None:
    """How many jobs this launcher runs at once on one machine; None if that depends on a cluster."""
    kind = str(launcher["_target_"]).rpartition(".")[2]
    if kind == "BasicLauncher":
        return 1
    if kind != "JoblibLauncher":
        return None
    workers = int(launcher.get("n_jobs") or 1)
    return workers if workers > 0 else max(1, joblib.cpu_count() + 1 + workers)  # -1: one per core, -2: one fewer
