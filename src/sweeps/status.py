"""Progress of a running sweep: jobs done, failed and left, and the remaining time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from src.errors import UsageError
from src.sweeps.plan import PENDING, Job

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0
QUIET_SECONDS = 30.0  # at least, between two lines


@contextmanager
def reporting_progress(jobs: Sequence[Job]) -> Iterator[None]:
    """Logs a progress line at most every half minute, when more jobs have ended, wherever they run."""
    done = threading.Event()
    thread = threading.Thread(target=_report, args=(list(jobs), done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def progress_line(total: int, done: int, failed: int, elapsed: float) -> str:
    """Counts of jobs, and the remaining time at the pace of `done` jobs in `elapsed` seconds."""
    left = total - done
    remaining = format_duration(elapsed / max(1, done) * left)
    return f"-- {done} of {total} runs done, {failed} failed, {left} left, about {remaining}"


def format_duration(seconds: float) -> str:
    """`45 s`, `12 min` or `5 h`."""
    if seconds >= 3 * 3600:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def _report(jobs: list[Job], done: threading.Event) -> None:
    started = last_line = time.monotonic()
    earlier = {job.folder: _outcome(job) for job in jobs}
    reported = 0
    while not done.wait(POLL_SECONDS):
        if time.monotonic() - last_line < QUIET_SECONDS:
            continue
        outcomes = [(job, _outcome(job)) for job in jobs]
        # A failure from an earlier attempt is not an outcome of this one.
        statuses = [outcome[0] for job, outcome in outcomes if outcome and outcome != earlier[job.folder]]
        ended = [status for status in statuses if status not in PENDING]
        if len(ended) > reported:
            reported, last_line = len(ended), time.monotonic()
            log.info(progress_line(len(jobs), reported, ended.count("failed"), last_line - started))


def _outcome(job: Job) -> tuple[str, str] | None:
    """The status of the job's record and when it was written; None without a readable record."""
    try:
        record = job.record()
    except UsageError:  # reported when the job runs
        return None
    return None if record is None else (record.status, record.finished_at)
