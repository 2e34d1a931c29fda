"""The terminal: where log lines go, and how wide tables are."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

from rich.console import Console

FILE_WIDTH = 120  # a log file has no width; rich would guess 80 and truncate columns


class StdoutHandler(logging.StreamHandler[TextIO]):
    """Writes to the current sys.stdout, which a live progress bar may have replaced."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        return sys.stdout

    @stream.setter
    def stream(self, value: TextIO) -> None:
        raise AttributeError("StdoutHandler follows sys.stdout")


def make_console() -> Console:
    """A console as wide as the terminal, or 120 columns wide if output goes to a file."""
    console = Console()
    return console if console.is_terminal else Console(width=FILE_WIDTH)
