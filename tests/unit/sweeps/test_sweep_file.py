"""`sweep.json`, written and read back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from src.analysis.sweep_file import added_seeds, read_sweep_file
from src.layout import SWEEP
from src.sweeps import sweep_file
from src.sweeps.plan import make_plan
from src.sweeps.sweep_file import read_planned_jobs, write_sweep_file
from tests.conftest import SMALL


def test_jobs_of_all_plans_are_written_once(tmp_path: Path) -> None:
    first, second = (make_plan([*SMALL, f"hydra.sweep.dir={tmp_path}", f"seed={seeds}"]) for seeds in ("0,1", "1,2"))
    write_sweep_file(first, second, protocol={"name": "quick"})
    content = json.loads((tmp_path / SWEEP).read_text())
    assert content.keys() == {
        "command", "planned_at", "provenance", "protocol", "reference", "seeds", "jobs", "packs", "history", "commands",
    }  # fmt: skip
    assert (content["protocol"], content["seeds"]) == ({"name": "quick"}, None)
    jobs = read_planned_jobs(tmp_path)
    assert [job["overrides"][-1] for job in jobs] == ["seed=0", "seed=1", "seed=2"]
    assert [tmp_path / job["folder"] for job in jobs] == [job.folder for job in (*first.jobs, second.jobs[1])]


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"jobs": null}'])
def test_missing_or_damaged_file_lists_no_jobs(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / SWEEP).write_text(content)
    assert read_planned_jobs(tmp_path) == []


def test_damaged_file_is_kept_aside(tmp_path: Path) -> None:
    plan = make_plan([*SMALL, f"hydra.sweep.dir={tmp_path}"])
    write_sweep_file(plan)
    damaged = (tmp_path / SWEEP).read_text()[:-9]
    (tmp_path / SWEEP).write_text(damaged)
    write_sweep_file(plan)
    assert (tmp_path / "sweep.damaged.json").read_text() == damaged
    assert len(read_planned_jobs(tmp_path)) == 1


def test_seeds_added_later_are_kept_in_the_history_and_named(tmp_path: Path) -> None:
    for seeds in ("0,1", "0,1", "0,1,2"):
        write_sweep_file(make_plan([*SMALL, f"hydra.sweep.dir={tmp_path}", f"seed={seeds}"]))
    content = read_sweep_file(tmp_path)
    assert [plan["seeds"] for plan in content["history"]] == [[0, 1]]
    assert "planned with 2 before it was planned with 3" in added_seeds(content)


def test_seed_that_was_not_given_counts(tmp_path: Path) -> None:
    write_sweep_file(make_plan([*SMALL, f"hydra.sweep.dir={tmp_path}"]))
    write_sweep_file(make_plan([*SMALL, f"hydra.sweep.dir={tmp_path}", "seed=0,1,2"]))
    content = read_sweep_file(tmp_path)
    assert [plan["seeds"] for plan in content["history"]] == [[0]]
    assert "planned with 1 before it was planned with 3" in added_seeds(content)


def test_file_of_an_earlier_version_says_nothing_of_seeds_that_were_not_given(tmp_path: Path) -> None:
    plan = make_plan([*SMALL, f"hydra.sweep.dir={tmp_path}"])
    write_sweep_file(plan)
    content = json.loads((tmp_path / SWEEP).read_text())
    (tmp_path / SWEEP).write_text(json.dumps({key: value for key, value in content.items() if key != "seeds"}))
    write_sweep_file(plan)
    assert added_seeds(read_sweep_file(tmp_path)) == ""


def test_every_command_of_the_folder_is_kept_with_its_first_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = make_plan([*SMALL, f"hydra.sweep.dir={tmp_path}"])
    for day, command in enumerate(("first", "second", "first"), 1):
        monkeypatch.setattr(sweep_file, "COMMAND", [command])
        monkeypatch.setattr(sweep_file, "utc_now", lambda day=day: f"2026-01-0{day}")
        write_sweep_file(plan)
    assert read_sweep_file(tmp_path)["commands"] == [
        {"command": ["first"], "planned_at": "2026-01-01"},
        {"command": ["second"], "planned_at": "2026-01-02"},
    ]


def test_phases_of_a_protocol_are_one_plan(tmp_path: Path) -> None:
    tuning, evaluation = (make_plan([*SMALL, f"hydra.sweep.dir={tmp_path}", f"seed={seed}"]) for seed in (1000, 0))
    protocol = {"evaluation_seeds": [0]}
    write_sweep_file(tuning, protocol=protocol)
    write_sweep_file(tuning, evaluation, protocol=protocol)
    assert read_sweep_file(tmp_path)["history"] == []
    assert added_seeds(read_sweep_file(tmp_path)) == ""
