"""The jobs of a sweep, their folders, and what is already on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from src import layout
from src.config.auto_lr import wants_range_test, with_lr
from src.errors import FolderTakenError, UsageError
from src.runs import range_test
from src.runs.record import write_record
from src.status import STATUSES
from src.sweeps.plan import Plan, make_plan
from tests.conftest import SMALL
from tests.unit.analysis.conftest import GPU, record_of


def overrides(folder: Path, *more: str) -> list[str]:
    return [*SMALL, f"hydra.sweep.dir={folder}", *more]


def test_every_combination_is_a_job_with_its_own_folder(tmp_path: Path) -> None:
    plan = make_plan(overrides(tmp_path, "scheduler=step,cosine", "warmup=0,0.1", "seed=0,1,2"))
    assert len(plan.jobs) == 12
    assert len({job.folder for job in plan.jobs}) == 12
    assert {job.config.seed for job in plan.jobs} == {0, 1, 2}
    job = plan.jobs[-1]
    assert job.folder.relative_to(tmp_path).parts[:5] == ("runs", "digits", "softmax", "sgd", "cosine")
    assert "warmup=0.1" in job.folder.parts[-2]
    assert job.folder.name == "seed=2"
    assert len(plan.settings) == 4  # jobs that differ only in the seed share one


def test_finished_job_from_another_device_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = make_plan(overrides(tmp_path, "seed=0,1"))
    write_record(record_of(plan.jobs[1].config, **GPU), plan.jobs[1].folder)
    with pytest.raises(FolderTakenError, match=r"seed=1 holds this run, finished with device type cuda"):
        make_plan(overrides(tmp_path, "seed=0,1"))
    monkeypatch.setattr(Plan, "runs_here", False)  # on a cluster, whose devices are unknown
    assert len(make_plan(overrides(tmp_path, "seed=0,1")).unfinished()) == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sweep.json", "sweep.json is a folder, not a file"),
        ("report.html", "report.html is a folder, not a file"),
        ("result.json", "result.json is a folder, not a file"),
        ("checkpoint.pt", "checkpoint.pt is a folder, not a file"),
        (".config_hash", r"\.config_hash is a folder, not a file"),
    ],
)
def test_folder_in_the_place_of_a_file_is_refused_before_the_first_run(name: str, message: str, tmp_path: Path) -> None:
    folder = tmp_path if name in layout.SWEEP_FILES else make_plan(overrides(tmp_path, "seed=0")).jobs[0].folder
    (folder / name).mkdir(parents=True)
    with pytest.raises(UsageError, match=message):
        make_plan(overrides(tmp_path, "seed=0,1"))


def test_damaged_claim_is_refused_before_the_first_run(tmp_path: Path) -> None:
    folder = make_plan(overrides(tmp_path, "seed=0")).jobs[0].folder
    folder.mkdir(parents=True)
    (folder / ".config_hash").write_bytes(b"\xff\x00")
    with pytest.raises(FolderTakenError, match=r"\.config_hash is damaged"):
        make_plan(overrides(tmp_path, "seed=0"))


def test_unfinished_job_from_another_device_is_run_again(tmp_path: Path) -> None:
    plan = make_plan(overrides(tmp_path, "seed=0"))
    write_record(record_of(plan.jobs[0].config, **GPU | {"status": "failed"}), plan.jobs[0].folder)
    assert len(make_plan(overrides(tmp_path, "seed=0")).unfinished()) == 1


def test_finished_jobs_are_not_run_again(tmp_path: Path) -> None:
    plan = make_plan(overrides(tmp_path, "seed=0,1,2,3,4,5"))
    assert [job.status() for job in plan.jobs] == ["new"] * 6
    for job, status in zip(plan.jobs, STATUSES, strict=False):
        write_record(record_of(job.config, status=status), job.folder)
    plan = make_plan(overrides(tmp_path, "seed=0,1,2,3,4,5"))
    assert [job.status() for job in plan.jobs] == ["completed", "diverged", "hopeless", "failed", "interrupted", "new"]
    assert [job.config.seed for job in plan.unfinished()] == [3, 4, 5]
    assert [job.config.seed for job in plan.without_result()] == [4, 5]


def test_two_runs_in_one_folder_are_refused(tmp_path: Path) -> None:
    overrides = [*SMALL, f"hydra.sweep.dir={tmp_path}", "hydra.sweep.subdir=same", "scheduler=step,cosine"]
    with pytest.raises(UsageError, match=r"same would hold two different runs, .*scheduler=step.*scheduler=cosine"):
        make_plan(overrides)


@pytest.mark.parametrize("subdir", ["", ".", "..", "../x", "a/..", "/tmp/elsewhere"])
def test_runs_outside_the_folder_of_their_sweep_are_refused(subdir: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^hydra\.sweep\.subdir: .* is not a folder inside the sweep's, .*; name one"):
        make_plan(overrides(tmp_path / "sweep", f"hydra.sweep.subdir={subdir}"))


def test_folder_of_a_sweep_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (job,) = make_plan([*SMALL, "hydra.sweep.dir=../sweep", "hydra.sweep.subdir=a"]).jobs
    assert job.folder == Path("../sweep/a")
    for text in ("", ".", ".."):
        with pytest.raises(UsageError, match=f"^hydra.sweep.dir={text}: results need a folder of their own"):
            make_plan([*SMALL, f"hydra.sweep.dir={text}"])


def test_folder_of_another_run_is_refused(tmp_path: Path) -> None:
    (job,) = make_plan(overrides(tmp_path)).jobs
    write_record(record_of(replace(job.config, batch_size=32)), job.folder)
    with pytest.raises(FolderTakenError, match="holds another run"):
        make_plan(overrides(tmp_path))


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("batch_size=32,0", "batch_size=0"),
        ("seed=0,x", "seed"),
        ("scheduler=step,nope", "scheduler=nope: choose one of adaptive"),
    ],
)
def test_impossible_job_is_refused(override: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message):
        make_plan(overrides(tmp_path, override))


@pytest.mark.parametrize("launcher", ["basic", "joblib"])
def test_jobs_of_local_launchers_run_on_this_machine(launcher: str, tmp_path: Path) -> None:
    assert make_plan(overrides(tmp_path, f"hydra/launcher={launcher}")).runs_here


def test_auto_lr_becomes_a_number_before_jobs_are_composed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(job: Sequence[str]) -> list[str]:
        return [*with_lr(job, 0.3), "lr_requested=auto"] if wants_range_test(job) else list(job)

    monkeypatch.setattr(range_test, "resolve_lr", resolve)
    plan = make_plan(overrides(tmp_path, "optimizer.lr=auto,0.1", "scheduler=step,cyclic"))
    assert [job.config.optimizer["lr"] for job in plan.jobs] == [0.3, 0.3, 0.1, 0.1]
    assert [job.config.lr_requested for job in plan.jobs] == ["auto", "auto", None, None]
    assert "optimizer.lr=0.3" in plan.jobs[0].folder.parts[-2]


def test_dry_run_makes_no_range_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(range_test, "resolve_lr", lambda job: pytest.fail("a range test was made"))
    (job,) = make_plan(overrides(tmp_path, "optimizer.lr=auto", "scheduler=cyclic"), dry_run=True).jobs
    assert "optimizer.lr=auto" in job.overrides
