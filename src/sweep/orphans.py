"""Workers that do not outlive their sweep."""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
import threading
import time

POLL_SECONDS = 1.0
GRACE_SECONDS = 15.0


@functools.cache  # once a process, however many jobs it runs
def end_with_parent() -> None:
    """In a worker process: ends it, by way of a checkpoint, soon after the process that started it is gone.

    joblib's workers outlive a master that was killed: they finish their job and then wait forever to hand it over, with
    their memory and their GPU.
    """
    if multiprocessing.current_process().name != "MainProcess":
        threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)  # the run's handler makes a checkpoint
    time.sleep(GRACE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)  # the worker is stuck in handing over a result that nobody takes
