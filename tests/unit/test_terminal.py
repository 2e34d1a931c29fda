"""Log lines end up on the terminal, and in a file that may have no room for them."""

from __future__ import annotations

import logging
import os
import signal
import sys
from pathlib import Path

import pytest

from src.terminal import LogFile, StdoutHandler


def record_of(message: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord("name", logging.INFO, "file.py", 1, message, arguments, None)


def test_log_file_has_the_lines(tmp_path: Path) -> None:
    handler = LogFile(tmp_path / "train.log")
    handler.handle(record_of("first"))
    handler.handle(record_of("second"))
    handler.close()
    assert (tmp_path / "train.log").read_text() == "first\nsecond\n"


@pytest.mark.parametrize("path", ["/dev/full", "/dev/null/train.log"])
def test_log_file_on_a_full_or_missing_disk_is_silent(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    handler = LogFile(path, delay=True)
    handler.handle(record_of("a line"))
    handler.close()
    assert capsys.readouterr().err == ""


def test_mistake_in_a_log_call_is_still_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    handler = LogFile(tmp_path / "train.log")
    handler.handle(record_of("%d", "no number"))
    handler.close()
    assert "%d format: a real number is required" in capsys.readouterr().err


def test_process_whose_output_nobody_reads_is_stopped_quietly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    signals: list[int] = []
    previous = signal.signal(signal.SIGTERM, lambda number, frame: signals.append(number))
    reading_end, writing_end = os.pipe()
    os.close(reading_end)
    try:
        with open(writing_end, "w") as stdout:
            monkeypatch.setattr(sys, "stdout", stdout)
            StdoutHandler().handle(record_of("the first line"))
            StdoutHandler().handle(record_of("the second line"))
    finally:
        signal.signal(signal.SIGTERM, previous)
        monkeypatch.undo()
    assert signals == [signal.SIGTERM]
    assert capsys.readouterr().err == ""
