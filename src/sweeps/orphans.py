"""Workers that lost the main process of their sweep. Imports little: joblib calls it in every worker that it starts."""

from __future__ import annotations

import os
import platform
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MAIN_PROCESS = "SCHEDBENCH_MAIN_PROCESS"  # environment variable that workers inherit: `pid@host`
POLL_SECONDS = 0.5

_has_handlers = threading.Event()  # `src.sweeps.workers` looks after this process


def mark_main_process() -> None:
    """Makes this process the one that workers, started from now on, do not outlive."""
    os.environ[MAIN_PROCESS] = f"{os.getpid()}@{platform.node()}"


def unmark_main_process() -> None:
    os.environ.pop(MAIN_PROCESS, None)


@contextmanager
def marking_main_process() -> Iterator[None]:
    """Workers that start in this context do not outlive this process."""
    mark_main_process()
    try:
        yield
    finally:
        unmark_main_process()


def main_process() -> int:
    """The process that this worker must not outlive.

    Its parent may be dead, and another process its parent, when the worker asks for the first time. The environment
    knows better, unless the worker runs on another host.
    """
    pid, _, host = os.environ.get(MAIN_PROCESS, "").partition("@")
    return int(pid) if pid and host == platform.node() else os.getppid()


def is_running(pid: int) -> bool:
    """Whether the process exists and is not a zombie."""
    try:
        os.kill(pid, 0)
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except ProcessLookupError:
        return False
    except OSError:  # it belongs to another user, or this system has no /proc
        return True


def end_with_main_process() -> None:
    """In a worker without a job so far, ends the process soon after the main process; elsewhere does nothing."""
    if MAIN_PROCESS in os.environ and main_process() != os.getpid():
        threading.Thread(target=_wait_and_end, args=(main_process(),), daemon=True).start()


def leave_to_handlers() -> None:
    """From now on, `src.sweeps.workers` ends this process, which may have a run to save."""
    _has_handlers.set()


def _wait_and_end(pid: int) -> None:
    while is_running(pid):
        time.sleep(POLL_SECONDS)
    if not _has_handlers.is_set():
        os.kill(os.getpid(), signal.SIGTERM)
