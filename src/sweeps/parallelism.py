"""How many runs of a sweep execute at once: the default launcher, its workers, and their threads."""

from __future__ import annotations

from collections.abc import Mapping

import joblib

from src.errors import UsageError
from src.sweeps.plan import Plan

WORKERS_PER_GPU = 4
_LAUNCHER, _NUM_WORKERS, _NUM_THREADS = "hydra/launcher", "hydra.launcher.n_jobs", "trainer.num_threads"


def with_launcher(lines: Mapping[str, str]) -> dict[str, str]:
    """Adds launcher defaults to overrides by key: joblib, one worker per core, one torch thread per worker.

    Raises:
        UsageError: the number of workers is 0.
    """
    lines = {_LAUNCHER: f"{_LAUNCHER}=joblib", **lines}
    if "joblib" in lines[_LAUNCHER]:
        lines.setdefault(_NUM_WORKERS, f"{_NUM_WORKERS}={default_workers()}")
        if lines[_NUM_WORKERS].endswith("=0"):
            raise UsageError(f"{_NUM_WORKERS}=0: must be a number of workers from 1, or -1 for one per core")
    if "basic" not in lines[_LAUNCHER] and not lines.get(_NUM_WORKERS, "").endswith("=1"):
        lines.setdefault(_NUM_THREADS, f"{_NUM_THREADS}=1")  # the threads of several workers would compete for cores
    return lines


def default_workers() -> int:
    """One worker per available core; with GPUs, at most a few per GPU."""
    import torch

    cores: int = joblib.cpu_count()
    return min(cores, WORKERS_PER_GPU * torch.cuda.device_count()) if torch.cuda.is_available() else cores


def concurrent_jobs(plan: Plan) -> int:
    """How many jobs run at once. A cluster's capacity is unknown; the default for this machine stands in for it."""
    if plan.multirun.launcher_class == "BasicLauncher":
        return 1
    workers = plan.multirun.launcher.get("n_jobs") or 0
    return int(workers) if workers > 0 else default_workers()
