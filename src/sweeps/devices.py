"""One GPU per worker of a sweep.

Each worker claims a slot, a lock file that it holds until it ends, however it ends: the worker that replaces it finds
the slot free. Each slot belongs to a GPU, the only one that CUDA_VISIBLE_DEVICES then shows to the worker. So
`trainer.device=auto` and "cuda" in a user's code mean that GPU, and the config of a run, which identifies it, does not
name it.

Imports little: joblib calls `claim_gpu` in every worker that it starts.
"""

from __future__ import annotations

import atexit
import functools
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

VISIBLE = "CUDA_VISIBLE_DEVICES"
# Environment variables that workers inherit.
SLOTS = "SCHEDBENCH_GPUS"  # the GPU of each slot
LOCKS = "SCHEDBENCH_GPU_LOCKS"  # folder of the lock files

_claimed: list[FileLock] = []  # a lock that nothing refers to is released


def visible_gpus(count: int, environment: Mapping[str, str]) -> list[str]:
    """The GPUs that CUDA shows to a process, as CUDA_VISIBLE_DEVICES names them.

    Args:
        count: How many there are. CUDA ignores what follows an invalid name.
        environment: Of the process.
    """
    names = environment.get(VISIBLE)
    return [str(index) for index in range(count)] if names is None else names.split(",")[:count]


def in_rounds(runs: Sequence[int]) -> list[int]:
    """The GPU of each slot, given how many runs each GPU holds: one on every GPU, then a second one, and so on."""
    return [gpu for taken in range(max(runs, default=0)) for gpu, limit in enumerate(runs) if taken < limit]


@contextmanager
def offering(gpus: Sequence[str]) -> Iterator[None]:
    """Workers that start in this context claim a slot each; does nothing without GPUs.

    Args:
        gpus: The GPU of each slot. More workers than slots share the GPUs in the same order.
    """
    if not gpus:
        yield
        return
    os.environ[SLOTS], os.environ[LOCKS] = ",".join(gpus), _locks_folder()
    try:
        yield
    finally:
        del os.environ[SLOTS], os.environ[LOCKS]


def claim_gpu() -> None:
    """In a worker, claims the first free slot and hides all GPUs but its own; does nothing if none are offered."""
    if SLOTS in os.environ:
        gpus = os.environ[SLOTS].split(",")
        os.environ[VISIBLE] = gpus[_claim_slot(Path(os.environ[LOCKS])) % len(gpus)]


def _claim_slot(folder: Path) -> int:
    # There is no last slot, because a worker may start before the one that it replaces has ended.
    return next(slot for slot in itertools.count() if _claim(FileLock(folder / f"{slot}.lock")))


def _claim(lock: FileLock) -> bool:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    _claimed.append(lock)
    return True


@functools.cache  # joblib keeps its workers, and they their slots, for the next launch of the same sweep
def _locks_folder() -> str:
    folder = tempfile.mkdtemp(prefix="schedbench-gpus-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
