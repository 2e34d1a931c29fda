"""What is launched when: again where workers were lost, wider where the best lies at an edge, never a stopped one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from src.runs.record import write_record
from src.sweeps import launch, workers
from src.sweeps.plan import FILE, Job, Plan
from tests.unit.analysis.conftest import record_of
from tests.unit.sweeps.conftest import make_study


@pytest.fixture(autouse=True)
def _not_stopped() -> Iterator[None]:
    yield
    workers._stopping.clear()


def pretend(job: Job, **numbers: object) -> None:
    write_record(record_of(job.config, **numbers), job.folder)  # type: ignore[arg-type]


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[list[Job]]:
    """The jobs of each launch; the best lr of `step` is above its first grid."""
    launches: list[list[Job]] = []

    def make(plan: Plan, jobs: list[Job]) -> None:
        launches.append(jobs)
        for job in jobs:
            lr, is_step = job.config.optimizer["lr"], job.config.scheduler["name"] == "step"
            pretend(job, val_loss=abs(lr - (1.0 if is_step else 0.1)))

    monkeypatch.setattr(launch, "_launch", make)
    return launches


def test_a_study_widens_its_grid_and_evaluates_what_it_chose(launched: list[list[Job]], tmp_path: Path) -> None:
    assert launch.run_study(make_study(tmp_path)) == 0
    assert [len(jobs) for jobs in launched] == [2 * 3, 2 * 2, 2 * 2]  # tuned, tuned at two more rates, evaluated
    evaluated = {(job.config.scheduler["name"], job.config.optimizer["lr"]) for job in launched[-1]}
    assert evaluated == {("constant", 0.1), ("step", 1.0)}
    assert len(json.loads((tmp_path / FILE).read_text())["jobs"]) == 14
    assert (tmp_path / "report.html").exists()
    assert launch.run_study(make_study(tmp_path)) == 0  # from its records alone, nothing is made again
    assert len(launched) == 3


def test_a_grid_is_widened_no_more_often_than_allowed(launched: list[list[Job]], tmp_path: Path) -> None:
    assert launch.run_study(make_study(tmp_path, max_extensions=0)) == 0
    assert [len(jobs) for jobs in launched] == [6, 4]
    assert {job.config.optimizer["lr"] for job in launched[-1]} == {0.1, 0.32}


def test_nothing_is_chosen_from_some_of_the_trials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def lose_the_last(plan: Plan, jobs: list[Job]) -> None:
        for job in jobs[:-1]:
            pretend(job)
        raise RuntimeError("a worker was killed")

    monkeypatch.setattr(launch, "_launch", lose_the_last)
    assert launch.run_study(make_study(tmp_path)) == 1
    assert len(json.loads((tmp_path / FILE).read_text())["jobs"]) == 6  # no evaluation


def test_a_job_that_kills_its_worker_costs_no_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plan = make_study(tmp_path).first_plan
    killer = plan.jobs[0].folder
    tries: list[Path] = []

    def make(plan: Plan, jobs: list[Job]) -> None:
        for job in jobs:
            job.folder.mkdir(parents=True, exist_ok=True)
            tries.append(job.folder)
            if job.folder == killer:
                raise RuntimeError("a worker was killed")
            pretend(job)

    monkeypatch.setattr(launch, "_launch", make)
    assert launch.run_plan(plan) == 1
    assert plan.without_result() == plan.jobs[:1]
    assert tries.count(killer) == 3  # first, last of those left, and alone
    assert len(tries) == 3 + 5


def test_what_was_stopped_is_not_launched_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    launches = []

    def stop(plan: Plan, jobs: list[Job]) -> None:
        launches.append(jobs)
        workers._stopping.set()

    monkeypatch.setattr(launch, "_launch", stop)
    assert launch.run_study(make_study(tmp_path)) == 130
    assert len(launches) == 1
