"""Progress of a running sweep: jobs done, failed and left, and the remaining time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from src import layout
from src.errors import UsageError
from src.sweeps.plan import PENDING, Job

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0
QUIET_SECONDS = 30.0  # minimum time between two lines


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
    start = last_report = time.monotonic()
    outcomes = {job.folder: Outcome(job) for job in jobs}
    first_outcomes = {folder: outcome.read() for folder, outcome in outcomes.items()}
    num_reported = 0
    while not done.wait(POLL_SECONDS):
        if time.monotonic() - last_report < QUIET_SECONDS:
            continue
        # A failure from an earlier attempt is not an outcome of this one.
        current = {folder: outcome.read() for folder, outcome in outcomes.items()}
        changed = [outcome for folder, outcome in current.items() if outcome != first_outcomes[folder]]
        end_statuses = [outcome[0] for outcome in changed if outcome and outcome[0] not in PENDING]
        if len(end_statuses) > num_reported:
            num_reported, last_report = len(end_statuses), time.monotonic()
            log.info(progress_line(len(jobs), num_reported, end_statuses.count("failed"), last_report - start))


class Outcome:
    """The outcome of a job so far. A record is parsed only when its file has changed: a sweep has thousands of them."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._modified: int | None = None
        self._outcome: tuple[str, str] | None = None

    def read(self) -> tuple[str, str] | None:
        """The status in the record and when it was written; None without a readable record."""
        try:
            modified = (self._job.folder / layout.RECORD).stat().st_mtime_ns
            if modified != self._modified:
                record = self._job.record()
                self._outcome = None if record is None else (record.status, record.finished_at)
                self._modified = modified
        except (OSError, UsageError):  # there is none yet, or it is reported when the job runs
            return None
        return self._outcome
