"""Stopping a sweep: every active run writes a checkpoint, and no worker outlives the sweep.

joblib kills all workers as soon as one of them raises, and leaves them running when the main process is killed. So a
process that is asked to stop does not raise: it lets the active run write its checkpoint, returns, and skips the jobs
that it is still handed.

The main process asks its workers to stop by creating a file in the sweep's folder. That works for every launcher:
joblib's workers are its children, but those of ray or of a cluster are not, and may run on other machines.
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

from src import layout
from src.errors import EXIT_INTERRUPTED
from src.files import lock_folder
from src.signals import SIGNALS
from src.sweeps.orphans import (
    POLL_SECONDS,
    is_running,
    leave_to_handlers,
    main_process,
    mark_main_process,
    unmark_main_process,
)
from src.terminal import is_unread

GRACE_SECONDS = 12.0  # for the active run of an orphaned worker

_is_main = threading.Event()  # set in the process that controls a sweep
_stopping = threading.Event()
_idle = threading.Event()
_idle.set()


def is_stopping() -> bool:
    """Whether this process was asked to stop, or nobody reads its output any more."""
    return _stopping.is_set() or is_unread()


def stop_others(sweep: Path, *, shares_queue: bool) -> None:
    """In a worker, stops the whole sweep if nobody reads its output any more, or if a signal stopped this worker alone.

    Args:
        sweep: The folder of the sweep.
        shares_queue: Whether workers take the next job as soon as they are done. A stopped one would take and skip all.
    """
    is_stopped = shares_queue and _stopping.is_set() and not _is_main.is_set() and is_running(main_process())
    if is_unread() or is_stopped:
        (sweep / layout.STOP).touch()


@contextmanager
def busy() -> Iterator[None]:
    """Marks this process as running a job; an orphaned worker gets time to finish it."""
    _idle.clear()
    try:
        yield
    finally:
        _idle.set()


@functools.cache  # once per process, however many jobs it runs
def install_worker_handlers(sweep: Path) -> None:
    """In a worker, stops on a signal or on the stop file in `sweep`, and ends the process soon after its parent."""
    if _is_main.is_set():
        return
    for number in SIGNALS:
        signal.signal(number, lambda signum, frame: _stopping.set())
    if (sweep / layout.STOP).exists():
        _stopping.set()
    leave_to_handlers()
    threading.Thread(target=_watch, args=(main_process(), sweep / layout.STOP), daemon=True).start()


@contextmanager
def controlling_sweep(sweep: Path) -> Iterator[None]:
    """In the main process, locks the sweep's folder and forwards SIGINT and SIGTERM to the workers.

    After the first signal the launcher still waits for its workers. A second signal ends the process as usual.

    Raises:
        UsageError: another process controls a sweep in the folder.
    """
    previous = {number: signal.getsignal(number) for number in SIGNALS}
    stop_file = sweep / layout.STOP

    def forward(signum: int, frame: FrameType | None) -> None:
        if _stopping.is_set():  # a run in this process restores this handler when it ends
            signal.signal(signum, previous[signal.Signals(signum)])
            signal.raise_signal(signum)
            return
        _stopping.set()
        stop_file.touch()

    lock = lock_folder(sweep, "another sweep is running there; wait for it, or choose another name=NAME")
    stop_file.unlink(missing_ok=True)  # left by a main process that was killed before its workers had returned
    _stopping.clear()
    _is_main.set()
    mark_main_process()
    for number in SIGNALS:
        signal.signal(number, forward)
    try:
        yield
        if stop_file.exists():  # a worker found out that nobody reads the output
            _stopping.set()
        stop_file.unlink(missing_ok=True)
    finally:
        unmark_main_process()
        lock.release()
        _is_main.clear()
        for number, handler in previous.items():
            signal.signal(number, handler)


def _watch(parent: int, stop_file: Path) -> None:
    while is_running(parent) and not stop_file.exists():
        time.sleep(POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)  # the active run writes its checkpoint
    while is_running(parent):
        time.sleep(POLL_SECONDS)
    _idle.wait(GRACE_SECONDS)
    os._exit(EXIT_INTERRUPTED)  # the main thread may be blocked forever on handing its result to the dead parent
