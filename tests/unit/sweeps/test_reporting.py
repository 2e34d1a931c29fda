"""Reports of a running sweep: which runs count, on a terminal and in a file."""

from __future__ import annotations

import logging
import os
import pty
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import pytest

from src.files import write_text
from src.layout import CONFIG_HASH
from src.runs.record import write_record
from src.sweeps import reporting
from src.sweeps.plan import Job
from src.sweeps.reporting import passing_on_stdout, pause_after, reporting_progress
from tests.conftest import small_config
from tests.unit.analysis.conftest import record_of

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(reporting, "QUIET_SECONDS", 0.0)


@pytest.fixture
def jobs(tmp_path: Path) -> list[Job]:
    return [Job((), small_config(f"seed={seed}"), tmp_path / str(seed)) for seed in range(4)]


def test_failure_of_an_earlier_attempt_does_not_count(jobs: list[Job], caplog: pytest.LogCaptureFixture) -> None:
    failed = record_of(jobs[0].config, status="failed")
    write_record(failed, jobs[0].folder)
    with caplog.at_level(logging.INFO), reporting_progress(jobs):
        write_record(record_of(jobs[2].config, status="interrupted"), jobs[2].folder)  # it has not ended
        write_record(record_of(jobs[1].config), jobs[1].folder)
        wait_for(caplog, "1 of 4 runs done, 0 failed")
        write_record(replace(failed, finished_at="2026-02-01T00:00:00+00:00"), jobs[0].folder)
        wait_for(caplog, "2 of 4 runs done, 1 failed")


def test_line_is_written_before_a_run_has_ended(jobs: list[Job], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), reporting_progress(jobs):
        write_text(jobs[3].folder / CONFIG_HASH, "0")
        wait_for(caplog, "-- 0 of 4 runs done, 0 failed; running: constant lr=0.02 seed=3 (epoch 1/2)")


def wait_for(caplog: pytest.LogCaptureFixture, text: str) -> None:
    deadline = time.monotonic() + 20
    while text not in caplog.text:
        assert time.monotonic() < deadline, caplog.text
        time.sleep(0.01)


@contextmanager
def stdout_to(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A file takes the place of the terminal. A fixture could not do this: pytest replaces stdout after it."""
    with open(path, "w") as stdout:
        monkeypatch.setattr(stdout, "isatty", lambda: True)
        monkeypatch.setattr(sys, "stdout", stdout)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("FORCE_COLOR", "1")
        yield


def wait_for_frame(terminal: Path, text: str) -> None:
    """Waits until the display was drawn after `text` was shown."""
    deadline = time.monotonic() + 20
    while "0 of 4 runs done" not in terminal.read_text().partition(text)[2]:
        assert time.monotonic() < deadline, repr(terminal.read_text())
        time.sleep(0.01)


def test_lines_are_printed_above_the_live_display(
    jobs: list[Job], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    terminal = tmp_path / "terminal"
    with stdout_to(terminal, monkeypatch):
        with reporting_progress(jobs):
            wait_for_frame(terminal, "\x1b")
            os.write(sys.stdout.fileno(), b"from a worker\n")  # which knows only the file descriptor
            wait_for_frame(terminal, "from a worker")
            print("from this process", flush=True)
            wait_for_frame(terminal, "from this process")
        print("after the sweep", flush=True)
    shown = terminal.read_text()
    assert shown.endswith("after the sweep\n")
    assert shown.count("from a worker") == 1
    assert "0 of 4" not in shown.rpartition("\x1b[2K")[2]  # the display is gone


def test_process_that_is_killed_leaves_a_visible_cursor(jobs: list[Job], monkeypatch: pytest.MonkeyPatch) -> None:
    screen, terminal = pty.openpty()
    shown = ""
    with open(terminal, "w") as stdout, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stdout)
        patch.setenv("TERM", "xterm")
        with reporting_progress(jobs):
            while shown.count("0 of 4 runs done") < 3:  # the process may be killed at any frame
                shown += os.read(screen, 4096).decode(errors="replace")
    os.close(screen)
    assert shown.rfind(SHOW_CURSOR) > shown.rfind(HIDE_CURSOR) >= 0
    assert shown.index(SHOW_CURSOR) < shown.index("0 of 4 runs done")


def test_output_goes_on_if_the_display_fails_while_the_pipe_to_it_is_full(
    jobs: list[Job], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    is_drawing, is_full = threading.Event(), threading.Event()

    def fail(_: object) -> None:
        is_drawing.set()
        is_full.wait()
        raise RuntimeError("no display")

    monkeypatch.setattr(reporting, "render", fail)
    terminal = tmp_path / "terminal"
    with stdout_to(terminal, monkeypatch), logging_to(sys.stdout), reporting_progress(jobs):
        is_drawing.wait()
        fill_pipe(sys.stdout.fileno())
        is_full.set()
        for number in range(20_000):
            os.write(sys.stdout.fileno(), f"line {number}\n".encode())
    shown = terminal.read_text()
    assert "The display of the sweep failed; going on without it" in shown
    assert "RuntimeError: no display" in shown
    assert all(f"line {number}\n" in shown for number in (0, 9_999, 19_999))


def test_output_of_workers_that_start_before_the_display_is_passed_on_then_shown_above_it(
    jobs: list[Job], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    terminal = tmp_path / "terminal"
    with stdout_to(terminal, monkeypatch):
        with passing_on_stdout():
            worker = os.dup(sys.stdout.fileno())  # what a worker inherits
            os.write(worker, b"while it starts\n")
        assert terminal.read_text() == "while it starts\n"
        with reporting_progress(jobs):
            os.write(worker, b"in the sweep\n")
            wait_for_frame(terminal, "in the sweep")
    os.close(worker)


@contextmanager
def logging_to(stream: TextIO) -> Iterator[None]:
    """What Hydra does with stdout."""
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


def fill_pipe(pipe: int) -> None:
    os.set_blocking(pipe, False)
    with suppress(BlockingIOError):
        while True:
            os.write(pipe, b"\n")
    os.set_blocking(pipe, True)


def test_looking_at_thousands_of_folders_takes_a_small_share_of_the_time() -> None:
    assert pause_after(0.0001) == reporting.POLL_SECONDS
    assert pause_after(2.0) == 100.0
