"""Progress lines, and which jobs count as done."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from pathlib import Path

import pytest

from src.runs.record import write_record
from src.sweeps import status
from src.sweeps.plan import Job
from src.sweeps.status import format_duration, progress_line, reporting_progress
from tests.conftest import small_config
from tests.unit.analysis.conftest import record_of


def test_remaining_time_follows_from_the_pace() -> None:
    assert progress_line(10, 4, 1, 80.0) == "-- 4 of 10 runs done, 1 failed, 6 left, about 2 min"


def test_durations_have_one_unit() -> None:
    assert [format_duration(seconds) for seconds in (89, 90, 72_000)] == ["89 s", "2 min", "20 h"]


def test_failure_of_an_earlier_attempt_does_not_count(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    monkeypatch.setattr(status, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(status, "QUIET_SECONDS", 0.0)
    jobs = [Job((), small_config(f"seed={seed}"), tmp_path / str(seed)) for seed in range(4)]
    failed = record_of(jobs[0].config, status="failed")
    write_record(failed, jobs[0].folder)
    with caplog.at_level(logging.INFO), reporting_progress(jobs):
        write_record(record_of(jobs[2].config, status="interrupted"), jobs[2].folder)  # it has not ended
        write_record(record_of(jobs[1].config), jobs[1].folder)
        wait_for(caplog, "1 of 4 runs done, 0 failed")
        write_record(replace(failed, finished_at="2026-02-01T00:00:00+00:00"), jobs[0].folder)
        wait_for(caplog, "2 of 4 runs done, 1 failed")


def test_record_is_parsed_only_after_it_has_changed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    job, reads = Job((), small_config(), tmp_path), []
    read = Job.record
    monkeypatch.setattr(Job, "record", lambda self: reads.append(self) or read(self))
    outcome = status.Outcome(job)
    assert outcome.read() is None
    record = record_of(job.config)
    write_record(record, job.folder)
    assert [outcome.read() for _ in range(3)] == [("completed", record.finished_at)] * 3
    assert len(reads) == 1
    write_record(replace(record, status="failed"), job.folder)
    assert outcome.read() == ("failed", record.finished_at)


def wait_for(caplog: pytest.LogCaptureFixture, text: str) -> None:
    deadline = time.monotonic() + 20
    while text not in caplog.text:
        assert time.monotonic() < deadline
        time.sleep(0.01)
