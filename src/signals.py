"""Graceful shutdown: SIGINT and SIGTERM become a request that running code polls."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from src.terminal import is_unread

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """A request to stop at the next point from which the work can be resumed."""

    def __init__(self) -> None:
        self.is_requested = False

    def request(self) -> None:
        self.is_requested = True


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """A `Stop` that the first SIGINT or SIGTERM requests. A second signal ends the process as usual.

    It is requested from the start if nobody reads the output any more.
    """
    stop = Stop()
    if is_unread():
        stop.request()
    if threading.current_thread() is not threading.main_thread():
        yield stop  # only the main thread may install handlers
        return

    def handle(signum: int, frame: FrameType | None) -> None:
        stop.request()
        handler = previous[signal.Signals(signum)]
        if callable(handler) and handler is not signal.default_int_handler:
            handler(signum, frame)  # a sweep's handler, which also stops the jobs after this one
        else:
            restore()

    def restore() -> None:
        for number, handler in previous.items():
            signal.signal(number, handler)

    previous = {number: signal.signal(number, handle) for number in SIGNALS}
    try:
        yield stop
    finally:
        restore()
