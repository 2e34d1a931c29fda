"""The console that tables are printed on."""

from __future__ import annotations

from rich.console import Console

FILE_WIDTH = 120  # a log file has no width, and rich would guess 80 and cut columns


def make_console() -> Console:
    """As wide as the terminal, or as a file may be."""
    console = Console()
    return console if console.is_terminal else Console(width=FILE_WIDTH)
