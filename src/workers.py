"""How a sweep is stopped: every run in hand makes its checkpoint, and no process outlives the sweep.

joblib kills its other workers as soon as one of them raises, and leaves all of them behind when the master is killed.
So a process that is told to stop finishes its checkpoint, returns, and lets the jobs that it is still given pass by.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from src.errors import EXIT_INTERRUPTED

POLL_SECONDS = 1.0
GRACE_SECONDS = 15.0
SIGNALS = (signal.SIGINT, signal.SIGTERM)

_stopping = threading.Event()
_idle = threading.Event()
_idle.set()


def is_stopping() -> bool:
    """Whether this process, the master or a worker, was told to stop."""
    return _stopping.is_set()


@contextmanager
def busy() -> Iterator[None]:
    """While a job is in hand, an orphaned worker is given time to end it."""
    _idle.clear()
    try:
        yield
    finally:
        _idle.set()


@functools.cache  # once a process, however many jobs it runs
def enlist() -> None:
    """In a worker process: listens to signals, and ends it soon after the process that started it is gone."""
    if multiprocessing.current_process().name == "MainProcess":
        return
    for number in SIGNALS:
        signal.signal(number, lambda signum, frame: _stopping.set())
    threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """In the master: SIGINT and SIGTERM are passed on to the workers, whose checkpoints are then waited for.

    A second signal ends the master as it always would.
    """
    previous = {number: signal.getsignal(number) for number in SIGNALS}

    def pass_on(signum: int, frame: FrameType | None) -> None:
        _stopping.set()
        for number, handler in previous.items():
            signal.signal(number, handler)
        for child in multiprocessing.active_children():
            if child.pid is not None:
                os.kill(child.pid, signal.SIGTERM)

    for number in SIGNALS:
        signal.signal(number, pass_on)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)  # the run in hand makes its checkpoint
    _idle.wait(GRACE_SECONDS)
    os._exit(EXIT_INTERRUPTED)  # now: the main thread may wait for ever to hand its result to nobody
