"""How a sweep is stopped: every run in hand makes its checkpoint, and no process outlives the sweep.

joblib kills its other workers as soon as one of them raises, and leaves all of them behind when the master is killed.
So a process that is told to stop finishes its checkpoint, returns, and lets the jobs that it is still given pass by.
It is told by a file in the sweep's folder, which is what workers share with the master whatever launched them: those of
joblib are its children, those of ray and of a cluster are not, and may run on other machines.
"""

from __future__ import annotations

import functools
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from src.errors import EXIT_INTERRUPTED
from src.files import lock_folder

POLL_SECONDS = 0.5
GRACE_SECONDS = 15.0
SIGNALS = (signal.SIGINT, signal.SIGTERM)
STOP_FILE = ".stop"

_commanding = threading.Event()  # in the master
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
def install_worker_handlers(sweep: Path) -> None:
    """In a worker process: listens to signals and to the master of the sweep in that folder.

    It ends soon after the process that started it is gone.
    """
    if _commanding.is_set():
        return
    for number in SIGNALS:
        signal.signal(number, lambda signum, frame: _stopping.set())
    if (sweep / STOP_FILE).exists():
        _stopping.set()
    threading.Thread(target=_watch, args=(os.getppid(), sweep / STOP_FILE), daemon=True).start()


@contextmanager
def stopped_by_signals(sweep: Path) -> Iterator[None]:
    """In the master: SIGINT and SIGTERM are passed on to the workers, whose checkpoints are then waited for.

    A second signal ends the master as it always would.

    Raises:
        UsageError: another master is at work in that folder; one would take the other's stop for its own.
    """
    previous = {number: signal.getsignal(number) for number in SIGNALS}
    stop_file = sweep / STOP_FILE

    def pass_on(signum: int, frame: FrameType | None) -> None:
        if _stopping.is_set():  # a run in this process puts this handler back when it ends
            signal.signal(signum, previous[signal.Signals(signum)])
            signal.raise_signal(signum)
            return
        _stopping.set()
        stop_file.touch()

    lock = lock_folder(sweep, "another sweep is at work there; wait for it, or choose name=NAME")
    stop_file.unlink(missing_ok=True)  # of a master that was killed before its workers had returned
    _stopping.clear()
    _commanding.set()
    for number in SIGNALS:
        signal.signal(number, pass_on)
    try:
        yield
        stop_file.unlink(missing_ok=True)
    finally:
        lock.release()
        _commanding.clear()
        for number, handler in previous.items():
            signal.signal(number, handler)


def _watch(parent: int, stop_file: Path) -> None:
    while os.getppid() == parent and not stop_file.exists():
        time.sleep(POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)  # the run in hand makes its checkpoint
    while os.getppid() == parent:
        time.sleep(POLL_SECONDS)
    _idle.wait(GRACE_SECONDS)
    os._exit(EXIT_INTERRUPTED)  # now: the main thread may wait for ever to hand its result to nobody
