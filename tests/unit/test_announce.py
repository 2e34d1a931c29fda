"""What a command says when nothing has been printed for a second."""

from __future__ import annotations

import os
import pty
import sys
import time

import pytest

from src import announce
from src.announce import announcing

SILENCE = 0.02
SLOW = 0.5
SHOWN = b"loading torch ...\x1b[K\r"
ERASED = b"\x1b[K"


def on_terminal(seconds: float, kind: str = "xterm", error: Exception | None = None) -> bytes:
    """What work of some seconds writes to a terminal that is stderr."""
    screen, terminal = pty.openpty()
    with open(terminal, "w") as stderr, pytest.MonkeyPatch.context() as patch:
        patch.setattr(announce, "SILENCE_SECONDS", SILENCE)
        patch.setattr(sys, "stderr", stderr)
        patch.setenv("TERM", kind)
        try:
            work(seconds, error)
        except ValueError:
            stderr.write("error")
        stderr.write("!")
        stderr.flush()
        written = b""
        while not written.endswith(b"!"):
            written += os.read(screen, 1000)
    os.close(screen)
    return written.removesuffix(b"!")


def work(seconds: float, error: Exception | None = None) -> None:
    with announcing("loading torch"):
        time.sleep(seconds)
        if error:
            raise error


def test_slow_work_is_named_while_it_lasts() -> None:
    assert on_terminal(SLOW) == SHOWN + ERASED


def test_fast_work_says_nothing() -> None:
    assert on_terminal(0.0) == b""


def test_line_is_erased_before_an_error_is_printed() -> None:
    assert on_terminal(SLOW, error=ValueError("a message")) == SHOWN + ERASED + b"error"


def test_terminal_that_cannot_erase_gets_a_plain_line() -> None:
    assert on_terminal(SLOW, kind="dumb") == b"loading torch ...\r\n"


def test_files_and_pipes_hold_errors_alone(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(announce, "SILENCE_SECONDS", 0.0)
    work(2 * SILENCE)
    assert capsys.readouterr() == ("", "")
