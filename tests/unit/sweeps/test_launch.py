"""Which jobs are launched when: after lost workers, on extended grids, and not after a stop."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from src.analysis.report import build
from src.config.identity import config_hash
from src.errors import UsageError
from src.files import write_text
from src.layout import CONFIG_HASH, SWEEP
from src.sweeps import launch, workers
from src.sweeps.plan import Job, Plan, make_plan
from tests.conftest import SMALL
from tests.unit.sweeps.conftest import make_study, pretend


@pytest.fixture(autouse=True)
def _not_stopping() -> Iterator[None]:
    yield
    workers._stopping.clear()


@pytest.fixture(autouse=True)
def reports(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders of which a report was built; drawing one takes seconds."""
    folders: list[Path] = []
    monkeypatch.setattr(build, "build_report", lambda sources, out: folders.append(out))
    return folders


@pytest.fixture
def launches(monkeypatch: pytest.MonkeyPatch) -> list[list[Job]]:
    """The jobs of each launch. They complete; the best rate of `step` lies above its first grid."""
    launched: list[list[Job]] = []

    def complete(plan: Plan, jobs: list[Job]) -> None:
        launched.append(jobs)
        for job in jobs:
            lr, is_step = job.config.optimizer["lr"], job.config.scheduler["name"] == "step"
            pretend(job, val_loss=abs(lr - (1.0 if is_step else 0.1)))

    monkeypatch.setattr(launch, "_launch", complete)
    return launched


def num_planned(folder: Path) -> int:
    return len(json.loads((folder / SWEEP).read_text())["jobs"])


def test_study_extends_its_grid_and_evaluates_the_best_rates(
    launches: list[list[Job]], reports: list[Path], tmp_path: Path
) -> None:
    assert launch.run_study(make_study(tmp_path)) == 0
    assert [len(jobs) for jobs in launches] == [2 * 3, 2 * 2, 2 * 2]  # tuning, two more rates, evaluation
    evaluated = {(job.config.scheduler["name"], job.config.optimizer["lr"]) for job in launches[-1]}
    assert evaluated == {("constant", 0.1), ("step", 1.0)}
    assert num_planned(tmp_path) == 14
    assert reports == [tmp_path]
    assert launch.run_study(make_study(tmp_path)) == 0  # follows from the records; nothing is run again
    assert len(launches) == 3
    assert reports == [tmp_path, tmp_path]


def test_grid_is_extended_at_most_as_often_as_allowed(launches: list[list[Job]], tmp_path: Path) -> None:
    assert launch.run_study(make_study(tmp_path, max_extensions=0)) == 0
    assert [len(jobs) for jobs in launches] == [6, 4]
    assert {job.config.optimizer["lr"] for job in launches[-1]} == {0.1, 0.32}


def test_no_rate_is_chosen_from_incomplete_tuning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def lose_last_job(plan: Plan, jobs: list[Job]) -> None:
        for job in jobs[:-1]:
            pretend(job)
        raise RuntimeError("a worker was killed")

    monkeypatch.setattr(launch, "_launch", lose_last_job)
    assert launch.run_study(make_study(tmp_path)) == 1
    assert num_planned(tmp_path) == 6  # no evaluation


@pytest.fixture
def two_workers(monkeypatch: pytest.MonkeyPatch) -> TwoWorkers:
    launcher = TwoWorkers()
    monkeypatch.setattr(launch, "_launch", launcher.launch)
    return launcher


class TwoWorkers:
    """Runs jobs in pairs. A killer takes the other job of its pair with it."""

    def __init__(self) -> None:
        self.killers: set[Path] = set()
        self.starts: list[Path] = []

    def launch(self, plan: Plan, jobs: list[Job]) -> None:
        for pair in batched(jobs, 2):
            for job in pair:
                self.starts.append(job.folder)
                write_text(job.folder / CONFIG_HASH, config_hash(job.config))
            if self.killers & {job.folder for job in pair}:
                raise RuntimeError("a worker was killed")
            for job in pair:
                pretend(job)


def batched(jobs: list[Job], size: int) -> list[list[Job]]:
    return [jobs[start : start + size] for start in range(0, len(jobs), size)]


def test_job_that_kills_its_worker_is_recorded_and_the_others_are_done(two_workers: TwoWorkers, tmp_path: Path) -> None:
    plan = make_study(tmp_path).first_plan
    killer = plan.jobs[2]
    two_workers.killers = {killer.folder}
    assert launch.run_plan(plan) == 1
    assert [job.status() for job in plan.jobs] == ["failed" if job is killer else "completed" for job in plan.jobs]
    record = killer.record()
    assert record is not None
    assert "was killed twice, the second time alone" in record.error_line
    assert two_workers.starts.count(killer.folder) == 2


def test_every_job_gets_its_turn_beside_several_killers(two_workers: TwoWorkers, tmp_path: Path) -> None:
    plan = make_study(tmp_path).first_plan
    two_workers.killers = {job.folder for job in plan.jobs[::2]}
    assert launch.run_plan(plan) == 1
    assert [job.status() for job in plan.jobs] == ["failed", "completed"] * 3
    two_workers.killers, two_workers.starts = set(), []
    assert launch.run_plan(plan) == 0  # failed jobs are retried
    assert two_workers.starts == [job.folder for job in plan.jobs[::2]]


def test_job_that_was_running_in_a_killed_sweep_comes_last(two_workers: TwoWorkers, tmp_path: Path) -> None:
    plan = make_study(tmp_path).first_plan
    write_text(plan.jobs[0].folder / CONFIG_HASH, config_hash(plan.jobs[0].config))
    assert launch.run_plan(plan) == 0
    assert two_workers.starts == [job.folder for job in [*plan.jobs[1:], plan.jobs[0]]]


def test_launcher_that_does_not_work_is_not_tried_for_ever(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    launches = []

    def fail(plan: Plan, jobs: list[Job]) -> None:
        launches.append(jobs)
        raise RuntimeError("no such queue")

    monkeypatch.setattr(launch, "_launch", fail)
    assert launch.run_plan(make_study(tmp_path).first_plan) == 1
    assert len(launches) == 1


def test_stopped_sweep_launches_nothing_more(
    monkeypatch: pytest.MonkeyPatch, reports: list[Path], tmp_path: Path
) -> None:
    launches = []

    def stop(plan: Plan, jobs: list[Job]) -> None:
        launches.append(jobs)
        workers._stopping.set()

    monkeypatch.setattr(launch, "_launch", stop)
    assert launch.run_study(make_study(tmp_path)) == 130
    assert len(launches) == 1
    assert reports == []  # there is no record to compare


@pytest.mark.parametrize("is_unread", [False, True])
def test_stopped_sweep_has_its_tables_and_no_figures_unless_nobody_waits(
    is_unread: bool,
    monkeypatch: pytest.MonkeyPatch,
    reports: list[Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def stop(plan: Plan, jobs: list[Job]) -> None:
        pretend(jobs[0])
        workers._stopping.set()

    monkeypatch.setattr(launch, "_launch", stop)
    monkeypatch.setattr(launch, "is_unread", lambda: is_unread)
    assert launch.run_plan(make_study(tmp_path).first_plan) == 130
    out = capsys.readouterr().out
    assert "run the same command to resume" in out
    assert reports == [tmp_path] * is_unread
    assert (tmp_path / "comparison.csv").exists() == (not is_unread)
    assert not (tmp_path / "figures").exists()
    assert (f"report.py {tmp_path}" in out) == (not is_unread)


def test_sweep_with_a_job_that_cannot_run_starts_none(launches: list[list[Job]], tmp_path: Path) -> None:
    plan = make_plan([*SMALL, f"hydra.sweep.dir={tmp_path}", "optimizer.momentum=0.9,-1"])
    with pytest.raises(UsageError, match="momentum"):
        launch.run_plan(plan)
    assert launches == []
    assert list(tmp_path.iterdir()) == []


def test_reference_of_the_command_is_kept(launches: list[list[Job]], tmp_path: Path) -> None:
    plan = make_plan([*SMALL, "scheduler=step,cosine", f"hydra.sweep.dir={tmp_path}"])
    with pytest.raises(UsageError, match="reference=linear: has no runs; choose one of step, cosine"):
        launch.run_plan(plan, "linear")
    assert not (tmp_path / SWEEP).exists()
    assert launch.run_plan(plan, "cosine") == 0
    assert json.loads((tmp_path / SWEEP).read_text())["reference"] == "cosine"
