"""Output that nobody reads any more, as after `... | head`: it is discarded, without a traceback."""

from __future__ import annotations

import os
import sys


def print_text(text: str) -> None:
    """Prints all that a command has to print."""
    try:
        print(text.removesuffix("\n"))
    except BrokenPipeError:
        discard_stdout()
    flush_stdout()


def flush_stdout() -> bool:
    """Writes what Python has buffered, which would otherwise fail at exit; returns whether it was read."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        discard_stdout()
        return False
    return True


def discard_stdout() -> None:
    """Sends what is written from now on, also at exit, nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
