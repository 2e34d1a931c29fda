"""The terminal: where log lines go, and how wide tables are."""

from __future__ import annotations

import logging
import select
import signal
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console

from src.unread import discard_stdout

FILE_WIDTH = 120  # a log file has no width; rich would guess 80 and truncate columns

if TYPE_CHECKING:
    _TextHandler = logging.StreamHandler[TextIO]
else:
    _TextHandler = logging.StreamHandler  # cannot be subscripted before Python 3.11


_unread = threading.Event()


def is_unread() -> bool:
    """Whether nobody reads the output of this process any more, as in `... | head`."""
    return _unread.is_set()


def look_for_reader() -> None:
    """Notices that nobody reads the output, also where this process has written nothing since its reader left."""
    poll = select.poll()
    with suppress(OSError, ValueError):  # a stand-in for stdout that is no file
        poll.register(sys.stdout.fileno(), 0)
        if any(events & select.POLLERR for _, events in poll.poll(0)):  # a pipe without a reader
            _unread.set()


class StdoutHandler(_TextHandler):
    """Writes to the current sys.stdout, which a live progress bar may have replaced, as long as somebody reads it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        return sys.stdout

    @stream.setter
    def stream(self, value: TextIO) -> None:
        raise AttributeError("StdoutHandler follows sys.stdout")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name in logging.Handler
        """Stops the work if nobody reads its output any more, without a traceback."""
        if isinstance(sys.exc_info()[1], BrokenPipeError):
            stop_unread()
        else:
            super().handleError(record)


class LogFile(logging.FileHandler):
    """A log file that lacks what a full disk does not take, without a traceback: the lines are on the terminal too."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            super().emit(record)
        except OSError:  # the file cannot be opened
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name in logging.Handler
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)

    def close(self) -> None:
        with suppress(OSError):  # there is still no room
            super().close()


class StdoutConsole(Console):
    """Prints as long as somebody reads it; brackets are no markup."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, **options)

    def print(self, *objects: Any, **options: Any) -> None:
        try:
            super().print(*objects, **options)
        except BrokenPipeError:
            stop_unread()

    def on_broken_pipe(self) -> None:
        """Replaces that of rich, which would end the process before the report is written."""
        raise BrokenPipeError


def stop_unread() -> None:
    """Stops the work after stdout was closed: runs write their checkpoints, a sweep its report."""
    _unread.set()
    discard_stdout()
    if callable(signal.getsignal(signal.SIGTERM)):
        signal.raise_signal(signal.SIGTERM)


def make_console() -> Console:
    """A console as wide as the terminal, or 120 columns wide if output goes to a file; brackets are no markup."""
    console = StdoutConsole()
    return console if console.is_terminal else StdoutConsole(width=FILE_WIDTH)
