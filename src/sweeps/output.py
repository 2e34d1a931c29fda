"""What the processes of a sweep write to stdout, captured so that it does not run into a live display.

Workers inherit the file descriptor of stdout and write to it directly, so replacing `sys.stdout` is not enough.
"""

from __future__ import annotations

import functools
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_WAIT_SECONDS = 0.2


class CapturedLines:
    """Lines from the reading end of a pipe, and the terminal that they were written for."""

    def __init__(self, pipe: int, terminal: TextIO) -> None:
        self.terminal = terminal
        self._pipe = pipe
        self._rest = b""

    def read(self, wait_seconds: float = _WAIT_SECONDS) -> list[str]:
        """The complete lines that have been written; waits a moment if there are none."""
        if not select.select([self._pipe], [], [], wait_seconds)[0]:
            return []
        *lines, self._rest = (self._rest + os.read(self._pipe, 1 << 16)).split(b"\n")
        return [line.decode(errors="replace") for line in lines]

    def read_all(self) -> str:
        """What is left, up to its end."""
        lines = []
        while new := self.read(0.0):
            lines += new
        rest, self._rest = self._rest, b""
        return "".join(f"{line}\n" for line in lines) + rest.decode(errors="replace")


@contextmanager
def capturing_stdout() -> Iterator[CapturedLines]:
    """Redirects stdout of this process, and of those that it starts, into a pipe until the context ends."""
    stdout = sys.stdout.fileno()
    reading_end, writing_end = _pipe()
    with os.fdopen(os.dup(stdout), "w") as terminal:
        captured = CapturedLines(reading_end, terminal)
        sys.stdout.flush()
        os.dup2(writing_end, stdout)
        try:
            yield captured
        finally:
            sys.stdout.flush()
            os.dup2(terminal.fileno(), stdout)
            terminal.write(captured.read_all())


@functools.cache  # joblib keeps its workers, and they their stdout, for the next launch of the same sweep
def _pipe() -> tuple[int, int]:
    return os.pipe()
