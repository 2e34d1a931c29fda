"""SIGINT and SIGTERM as a request: what is in hand is brought to a point from where the same command goes on."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class StoppedError(Exception):
    """The work was stopped where nothing of it could be kept."""


class Stop:
    """Whether a stop was asked for; `on_request` is called when it is."""

    def __init__(self) -> None:
        self.is_requested = False
        self.on_request: Callable[[], None] = lambda: None

    def request(self) -> None:
        self.is_requested = True
        self.on_request()


@contextmanager
def stopped_by_signals() -> Iterator[Stop]:
    """A stop that signals ask for; a second signal ends the process as it always would."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop  # only the main thread may have handlers
        return

    def handle(signum: int, frame: FrameType | None) -> None:
        stop.request()
        handler = previous[signal.Signals(signum)]
        if callable(handler) and handler is not signal.default_int_handler:
            handler(signum, frame)  # a sweep's, which stops what comes after this run
        else:
            restore()

    def restore() -> None:
        for number, handler in previous.items():
            signal.signal(number, handler)

    previous = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        restore()
