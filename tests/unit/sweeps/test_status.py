"""What a line of progress says, and what counts as done."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from pathlib import Path

import pytest

from src.runs.record import write_record
from src.sweeps import status as progress
from src.sweeps.plan import Job
from src.sweeps.status import in_words, progress_line, reporting
from tests.conftest import small_config
from tests.unit.analysis.conftest import record_of


def test_the_rest_takes_what_the_pace_says() -> None:
    assert progress_line(10, 4, 1, 80.0) == "-- 4 of 10 runs done, 1 failed, 6 left, about 2 min"
    assert [in_words(seconds) for seconds in (89, 90, 72_000)] == ["89 s", "2 min", "20 h"]


def test_a_failure_of_an_earlier_try_is_not_done(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    monkeypatch.setattr(progress, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(progress, "QUIET_SECONDS", 0.0)
    jobs = [Job((), small_config(f"seed={seed}"), tmp_path / str(seed)) for seed in range(3)]
    failed = record_of(jobs[0].config, status="failed")
    write_record(failed, jobs[0].folder)
    with caplog.at_level(logging.INFO), reporting(jobs):
        write_record(record_of(jobs[1].config), jobs[1].folder)
        wait_for(caplog, "1 of 3 runs done, 0 failed")
        write_record(replace(failed, finished_at="2026-02-01T00:00:00+00:00"), jobs[0].folder)
        wait_for(caplog, "2 of 3 runs done, 1 failed")


def wait_for(caplog: pytest.LogCaptureFixture, text: str) -> None:
    deadline = time.monotonic() + 20
    while text not in caplog.text:
        assert time.monotonic() < deadline
        time.sleep(0.01)
