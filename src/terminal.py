"""The terminal's log handler."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

from rich.console import Console


class StdoutHandler(logging.StreamHandler[TextIO]):
    """Writes to whatever sys.stdout is at that moment, so that a live progress bar can hold it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        return sys.stdout

    @stream.setter
    def stream(self, value: TextIO) -> None:
        raise AttributeError("StdoutHandler follows sys.stdout")


FILE_WIDTH = 120  # a log file has no width, and rich would guess 80 and cut columns


def make_console() -> Console:
    """As wide as the terminal, or as a file may be."""
    console = Console()
    return console if console.is_terminal else Console(width=FILE_WIDTH)
