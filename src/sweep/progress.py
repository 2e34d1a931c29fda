"""How far a sweep is: jobs done, failed and left, and the time that is left; how long it will take before it starts."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from src.records import RecordError
from src.sweep.plan import Job

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0
QUIET_SECONDS = 30.0  # between two lines


@contextmanager
def reporting(jobs: Sequence[Job]) -> Iterator[None]:
    """Logs a line on the jobs every half minute in which one of them has ended, wherever they run."""
    ended = threading.Event()
    thread = threading.Thread(target=_report, args=(list(jobs), ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _report(jobs: list[Job], ended: threading.Event) -> None:
    started = last_told = time.monotonic()
    before = _counts(jobs)
    told = sum(before.values())
    while not ended.wait(POLL_SECONDS):
        if time.monotonic() - last_told < QUIET_SECONDS:
            continue
        counts = _counts(jobs)
        done = sum(counts.values())
        if done > told:
            elapsed, told, last_told = time.monotonic() - started, done, time.monotonic()
            log.info(progress_line(len(jobs), done, counts["failed"], elapsed, first=sum(before.values())))


def progress_line(total: int, done: int, failed: int, elapsed: float, *, first: int = 0) -> str:
    """What is done, and how long the rest takes at the pace of `elapsed` seconds for all but the `first`."""
    left = total - done
    seconds = elapsed / max(1, done - first) * left
    return f"-- {done} of {total} runs done, {failed} failed, {left} left, about {in_words(seconds)}"


def in_words(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def _counts(jobs: list[Job]) -> dict[str, int]:
    counts = dict.fromkeys(("completed", "diverged", "failed"), 0)
    for job in jobs:
        try:
            status = job.status()
        except RecordError:  # says so itself when it is the job's turn
            continue
        if status in counts:
            counts[status] += 1
    return counts
