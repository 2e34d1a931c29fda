"""The terminal: where log lines go, and how wide tables are."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, TextIO

from rich.console import Console

FILE_WIDTH = 120  # a log file has no width; rich would guess 80 and truncate columns

if TYPE_CHECKING:
    _TextHandler = logging.StreamHandler[TextIO]
else:
    _TextHandler = logging.StreamHandler  # cannot be subscripted before Python 3.11


class StdoutHandler(_TextHandler):
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
