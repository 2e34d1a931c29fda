"""Log lines end up on the terminal, and in a file that may have no room for them."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from src import terminal
from src.signals import stop_on_signals
from src.terminal import LogFile, StdoutHandler, is_unread, look_for_reader, make_console


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


@pytest.fixture
def stops(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The SIGTERMs that this process got; its stdout is a pipe that nobody reads."""
    signals: list[int] = []
    previous = signal.signal(signal.SIGTERM, lambda number, frame: signals.append(number))
    yield signals
    signal.signal(signal.SIGTERM, previous)
    terminal._unread.clear()


@contextmanager
def unread_stdout() -> Iterator[None]:
    reading_end, writing_end = os.pipe()
    os.close(reading_end)
    with open(writing_end, "w") as stdout, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", stdout)
        yield


def test_process_whose_output_nobody_reads_is_stopped_quietly(
    stops: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    with unread_stdout():
        StdoutHandler().handle(record_of("the first line"))
        StdoutHandler().handle(record_of("the second line"))
    assert stops == [signal.SIGTERM]
    assert capsys.readouterr().err == ""


def test_tables_that_nobody_reads_stop_the_work_but_do_not_end_the_process(stops: list[int]) -> None:
    assert not is_unread()
    with unread_stdout():
        console = make_console()
        console.print("the first table")
        console.print("the second table")
    assert stops == [signal.SIGTERM]
    assert is_unread()


def test_missing_reader_is_noticed_before_anything_is_written(stops: list[int], tmp_path: Path) -> None:
    with open(tmp_path / "file", "w") as stdout, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", stdout)
        look_for_reader()
    assert not is_unread()
    with unread_stdout():
        look_for_reader()
    assert is_unread()


def test_without_a_run_to_save_only_the_output_ends(stops: list[int]) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with unread_stdout():
        make_console().print("a table")
    with stop_on_signals() as stop:  # a run that starts afterwards
        assert stop.is_requested
