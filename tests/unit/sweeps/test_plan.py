"""A sweep's jobs, their folders, and what is there already."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra

from src.errors import UsageError
from src.runs.run import run
from src.sweeps.plan import make_plan
from tests.conftest import SMALL


@pytest.fixture(autouse=True)
def _clean_hydra() -> Iterator[None]:
    yield
    GlobalHydra.instance().clear()


def overrides(folder: Path, *more: str) -> list[str]:
    return [*SMALL, f"hydra.sweep.dir={folder}", *more]


def test_every_combination_is_a_job_in_a_folder_of_its_own(tmp_path: Path) -> None:
    plan = make_plan(overrides(tmp_path, "scheduler=step,cosine", "warmup=0,0.1", "seed=0,1,2"))
    assert len(plan.jobs) == 12
    assert len({job.folder for job in plan.jobs}) == 12
    assert {job.config.seed for job in plan.jobs} == {0, 1, 2}
    job = plan.jobs[-1]
    assert job.folder.relative_to(tmp_path).parts[:5] == ("runs", "digits", "softmax", "sgd", "cosine")
    assert "warmup=0.1" in job.folder.parts[-2]
    assert job.folder.name == "seed=2"
    assert len(plan.settings) == 4  # what differs in the seed alone is checked once


def test_what_is_finished_is_not_planned_again(tmp_path: Path) -> None:
    plan = make_plan(overrides(tmp_path, "seed=0,1"))
    assert [job.status() for job in plan.jobs] == ["new", "new"]
    run(plan.jobs[0].config, plan.jobs[0].folder)
    again = make_plan(overrides(tmp_path, "seed=0,1"))
    assert [job.status() for job in again.jobs] == ["completed", "new"]
    assert [job.config.seed for job in again.unfinished()] == [1]


def test_an_impossible_job_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="batch_size=0"):
        make_plan(overrides(tmp_path, "batch_size=32,0"))
    with pytest.raises(UsageError, match="seed"):
        make_plan(overrides(tmp_path, "seed=0,x"))
    with pytest.raises(UsageError, match="scheduler=nope: choose one of adaptive"):
        make_plan(overrides(tmp_path, "scheduler=step,nope"))
