"""How far a sweep is: jobs done, failed and left, and the time that is left; how long it will take before it starts."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from src.errors import UsageError
from src.runs.record import RecordError
from src.sweeps.plan import Job

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
    before = {job.folder: _end(job) for job in jobs}
    told = 0
    while not ended.wait(POLL_SECONDS):
        if time.monotonic() - last_told < QUIET_SECONDS:
            continue
        ends = [
            end for job in jobs if (end := _end(job)) != before[job.folder]
        ]  # a failure of an earlier try is none now
        statuses = [end[0] for end in ends if end is not None and end[0] != "interrupted"]
        if len(statuses) > told:
            elapsed, told, last_told = time.monotonic() - started, len(statuses), time.monotonic()
            log.info(progress_line(len(jobs), told, statuses.count("failed"), elapsed))


def progress_line(total: int, done: int, failed: int, elapsed: float) -> str:
    """What is done, and how long the rest takes at the pace of `elapsed` seconds for it."""
    left = total - done
    return (
        f"-- {done} of {total} runs done, {failed} failed, {left} left, about {in_words(elapsed / max(1, done) * left)}"
    )


def in_words(seconds: float) -> str:
    if seconds >= 3 * 3600:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def _end(job: Job) -> tuple[str, str] | None:
    """How and when the job ended, if it did."""
    try:
        record = job.record()
    except (RecordError, UsageError):  # says so itself when it is the job's turn
        return None
    return None if record is None else (record.status, record.finished_at)
