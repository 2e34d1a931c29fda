"""Reports the progress of a running sweep: a live display on a terminal, a line every half minute elsewhere."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from rich.console import Console
from rich.live import Live
from rich.text import Text

from src.sweeps.display import render
from src.sweeps.output import CapturedLines, capturing_stdout
from src.sweeps.plan import Job
from src.sweeps.progress import SweepWatch
from src.sweeps.status import progress_line

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
QUIET_SECONDS = 30.0  # between two lines
MAX_SHARE = 0.02  # of a core for looking at folders: a sweep may have thousands


@contextmanager
def reporting_progress(jobs: Sequence[Job]) -> Iterator[None]:
    """Reports how the jobs proceed, wherever they run. Those that are finished already count as done."""
    watch = SweepWatch(jobs)
    if _has_display():
        with capturing_stdout() as lines, _in_thread(lambda done: _display(watch, lines, done)):
            yield
    else:
        with _in_thread(lambda done: _log_lines(watch, done)):
            yield


@contextmanager
def passing_on_stdout() -> Iterator[None]:
    """Workers that start in this context write to the pipe from which the live display will read.

    Until then, what they write is passed on.
    """
    if not _has_display():
        yield
        return
    with capturing_stdout() as lines, _in_thread(lambda done: _pass_on(lines, done)):
        yield


def _has_display() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


@contextmanager
def _in_thread(work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Runs `work` in a thread; the event that it is given asks it to end."""
    done = threading.Event()
    thread = threading.Thread(target=work, args=(done,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _log_lines(watch: SweepWatch, done: threading.Event) -> None:
    last_line, pause = time.monotonic(), POLL_SECONDS
    while not done.wait(pause):
        start = time.thread_time()
        progress = watch.read(time.time())
        pause = pause_after(time.thread_time() - start)
        if time.monotonic() - last_line >= QUIET_SECONDS:
            last_line = time.monotonic()
            log.info(progress_line(progress))


def _display(watch: SweepWatch, lines: CapturedLines, done: threading.Event) -> None:
    """Draws the display, and prints above it what the processes of the sweep write to stdout."""
    try:
        _draw(watch, lines, done)
    except Exception:  # of any kind: a pipe that nobody reads would block every process of the sweep
        # Not logged: the log goes to the pipe too, and would wait forever for this thread to read it.
        lines.terminal.write(f"The display of the sweep failed; going on without it\n{traceback.format_exc()}")
        _pass_on(lines, done)


def _pass_on(lines: CapturedLines, done: threading.Event) -> None:
    while not done.is_set():
        lines.terminal.writelines(f"{line}\n" for line in lines.read())
        lines.terminal.flush()


def _draw(watch: SweepWatch, lines: CapturedLines, done: threading.Event) -> None:
    console = Console(file=lines.terminal, markup=False, highlight=False)
    next_look = 0.0
    with Live(
        console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
    ) as live:
        console.show_cursor(True)  # which Live hides: a process that is killed could not show it again
        while not done.is_set():
            with suppress(OSError):  # the terminal was closed; what is written must be read all the same
                for line in lines.read():
                    console.print(Text.from_ansi(line), soft_wrap=True)
                if time.monotonic() >= next_look:
                    start = time.thread_time()
                    live.update(render(watch.read(time.time())), refresh=True)
                    next_look = time.monotonic() + pause_after(time.thread_time() - start)


def pause_after(seconds: float) -> float:
    """How long to wait after a look at the folders that took `seconds` of a core."""
    return max(POLL_SECONDS, seconds / MAX_SHARE)
