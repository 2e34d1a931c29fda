"""How many runs of a sweep execute at once: the default launcher, its workers, and their threads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import joblib

from src.errors import UsageError

if TYPE_CHECKING:
    from src.sweeps.plan import Plan

WORKERS_PER_GPU = 4
_LAUNCHER, _NUM_WORKERS, _NUM_THREADS = "hydra/launcher", "hydra.launcher.n_jobs", "trainer.num_threads"


def with_launcher(overrides_by_key: Mapping[str, str]) -> dict[str, str]:
    """Adds launcher defaults to overrides: joblib, one worker per core, one torch thread per worker.

    Raises:
        UsageError: the number of workers is 0.
    """
    completed = {_LAUNCHER: f"{_LAUNCHER}=joblib", **overrides_by_key}
    if "joblib" in completed[_LAUNCHER]:
        completed.setdefault(_NUM_WORKERS, f"{_NUM_WORKERS}={default_workers()}")
        if completed[_NUM_WORKERS].endswith("=0"):
            raise UsageError(f"{_NUM_WORKERS}=0: must be a positive number of workers, or -1 for one per core")
    if "basic" not in completed[_LAUNCHER] and not completed.get(_NUM_WORKERS, "").endswith("=1"):
        completed.setdefault(_NUM_THREADS, f"{_NUM_THREADS}=1")  # threads of several workers would compete for cores
    return completed


def default_workers() -> int:
    """One worker per available core; with GPUs, at most a few per GPU."""
    import torch

    cores: int = joblib.cpu_count()
    return min(cores, WORKERS_PER_GPU * torch.cuda.device_count()) if torch.cuda.is_available() else cores


def concurrent_jobs(plan: Plan) -> int:
    """How many jobs run at once. The capacity of a cluster is unknown, so this machine's default is used."""
    return num_workers(plan.multirun.launcher) or default_workers()


def num_workers(launcher: Mapping[str, Any]) -> int | None:
    """How many jobs this launcher runs at once on one machine; None if that depends on a cluster."""
    kind = str(launcher["_target_"]).rpartition(".")[2]
    if kind == "BasicLauncher":
        return 1
    if kind != "JoblibLauncher":
        return None
    workers = int(launcher.get("n_jobs") or 1)
    return workers if workers > 0 else max(1, joblib.cpu_count() + 1 + workers)  # -1: one per core, -2: one fewer
