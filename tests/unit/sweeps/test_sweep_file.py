"""`sweep.json`, written and read back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from src.layout import SWEEP
from src.sweeps.plan import make_plan
from src.sweeps.sweep_file import read_planned_jobs, write_sweep_file
from tests.conftest import SMALL


def test_jobs_of_all_plans_are_written_once(tmp_path: Path) -> None:
    first, second = (make_plan([*SMALL, f"hydra.sweep.dir={tmp_path}", f"seed={seeds}"]) for seeds in ("0,1", "1,2"))
    write_sweep_file(first, second, protocol={"name": "quick"})
    content = json.loads((tmp_path / SWEEP).read_text())
    assert content.keys() == {"command", "planned_at", "provenance", "protocol", "jobs"}
    assert content["protocol"] == {"name": "quick"}
    jobs = read_planned_jobs(tmp_path)
    assert [job["overrides"][-1] for job in jobs] == ["seed=0", "seed=1", "seed=2"]
    assert [tmp_path / job["folder"] for job in jobs] == [job.folder for job in (*first.jobs, second.jobs[1])]


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"jobs": null}'])
def test_missing_or_damaged_file_lists_no_jobs(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / SWEEP).write_text(content)
    assert read_planned_jobs(tmp_path) == []
