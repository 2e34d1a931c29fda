"""Says on the terminal what is going on when nothing has been printed for a second."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

SILENCE_SECONDS = 1.0
_ERASE = "\x1b[K"  # from the cursor to the end of the line


@contextmanager
def announcing(work: str) -> Iterator[None]:
    """Shows `work ...` on stderr if the work takes longer than a second, until it is done; only on a terminal.

    The cursor stays at the start of the line, so whatever else is printed meanwhile takes its place. Elsewhere stderr
    holds errors alone, however slow the machine is.

    Args:
        work: What is being done, such as "loading torch".
    """
    if not sys.stderr.isatty():
        yield
        return
    end, erase = ("\n", "") if os.environ.get("TERM") == "dumb" else (f"{_ERASE}\r", _ERASE)
    is_shown = threading.Event()

    def show() -> None:
        is_shown.set()
        _write(f"{work} ...{end}")

    timer = threading.Timer(SILENCE_SECONDS, show)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        if is_shown.is_set():
            _write(erase)


def _write(text: str) -> None:
    with suppress(OSError):  # the terminal was closed
        sys.stderr.write(text)
        sys.stderr.flush()
