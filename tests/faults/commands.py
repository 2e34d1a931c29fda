"""Commands of the project as processes that can be killed, together with everything that they start."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.conftest import environment

SURVIVAL_SECONDS = 20.0  # how long a worker may outlive the main process of its sweep
TARGETS = ("main process", "worker", "all processes")
_MARK = "FAULTS_MARK"  # environment variable that every process of a command inherits


class RunningCommand:
    """A command in a session of its own, as if it were started in a terminal; its output goes to a file."""

    def __init__(self, arguments: Sequence[str], folder: Path) -> None:
        self._mark = uuid.uuid4().hex
        self._output = folder / "output.txt"
        with open(self._output, "wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=folder,
                env=environment(**{_MARK: self._mark}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started = time.time()
        self._killed_at: float | None = None

    @property
    def output(self) -> str:
        return self._output.read_text(errors="replace")

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def wait(self, seconds: float) -> int:
        """The exit status; kills the command and raises after too many seconds."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            raise

    def kill(self, target: str, rng: random.Random) -> bool:
        """Sends SIGKILL; False if the command had ended, or has no workers."""
        if target == "worker":
            return self._kill_worker(rng)
        self._killed_at = time.monotonic()
        if target == "main process":
            self._process.send_signal(signal.SIGKILL)
        else:
            os.killpg(self._process.pid, signal.SIGKILL)  # the main process is not reaped yet, so its group exists
        return self._process.wait() == -signal.SIGKILL

    def _kill_worker(self, rng: random.Random) -> bool:
        workers = [pid for pid in self.processes() if b"LokyProcess" in _read(Path(f"/proc/{pid}/cmdline"))]
        if not workers:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(rng.choice(workers), signal.SIGKILL)
            return True
        return False

    def processes(self) -> list[int]:
        """The living processes of the command, also those that have left its group."""
        mark = f"{_MARK}={self._mark}".encode()
        return [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/environ") if mark in _read(path)]

    def seconds_until_gone(self) -> float:
        """Waits for the last process; returns how long it outlived a killed main process.

        Raises:
            AssertionError: it lived too long.
        """
        ended = self._killed_at or time.monotonic()
        while pids := self.processes():
            assert time.monotonic() < ended + SURVIVAL_SECONDS, [_read(Path(f"/proc/{pid}/cmdline")) for pid in pids]
            time.sleep(0.05)
        return time.monotonic() - ended


def wait_until(condition: Callable[[], bool], command: RunningCommand, watch: Callable[[], None]) -> None:
    """Waits until the condition holds or the command has ended; calls `watch` all the time."""
    while not command.has_ended and not condition():
        watch()
        time.sleep(0.01)


def _read(path: Path) -> bytes:
    """The content of a file of a process; empty if it has ended or belongs to another user."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
