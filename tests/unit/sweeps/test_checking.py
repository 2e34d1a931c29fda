"""Checks before the first job: in this process, and in the workers that will run the jobs."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from joblib.externals.loky import get_reusable_executor

from src.errors import UsageError
from src.sweeps import checking
from src.sweeps.checking import check_and_start_workers, check_jobs
from src.sweeps.plan import Plan
from src.training.callbacks import Callback
from tests.unit.sweeps.conftest import plain_plan, pretend

TWO_WORKERS = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
BAD = "optimizer.momentum=0.9,-1,-2"


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """The plans that are checked in this process."""
    plans: list[Plan] = []
    monkeypatch.setattr(checking, "check_jobs", plans.append)
    return plans


@pytest.fixture
def _no_workers_left() -> Iterator[None]:
    yield
    get_reusable_executor().shutdown(kill_workers=True)


@pytest.mark.usefixtures("_no_workers_left")
def test_workers_name_the_first_setting_that_cannot_run_and_stay_for_the_jobs(
    checked: list[Plan], tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=r"Invalid momentum value: -1\.0"):
        check_and_start_workers(plain_plan(tmp_path, BAD, *TWO_WORKERS))
    workers = multiprocessing.active_children()
    assert len(workers) >= 2
    check_and_start_workers(plain_plan(tmp_path, "scheduler=step,cosine", *TWO_WORKERS))
    assert multiprocessing.active_children() == workers
    assert checked == []
    assert list(tmp_path.iterdir()) == []


class Offline(Callback):
    """Fails when it is asked whether it can work."""

    @classmethod
    def check_available(cls) -> None:
        raise RuntimeError("the server is down")


def test_what_code_of_the_user_raises_is_left_to_the_run(tmp_path: Path) -> None:
    check_jobs(plain_plan(tmp_path, f"+callbacks.mine._target_={__name__}.Offline"))


@pytest.mark.parametrize("launcher", [("hydra/launcher=basic",), ("hydra/launcher=joblib", "hydra.launcher.n_jobs=1")])
def test_this_process_checks_what_it_will_run(launcher: tuple[str, ...], checked: list[Plan], tmp_path: Path) -> None:
    plan = plain_plan(tmp_path, *launcher)
    check_and_start_workers(plan)
    assert checked == [plan]


def test_no_worker_starts_for_a_sweep_that_is_finished(checked: list[Plan], tmp_path: Path) -> None:
    plan = plain_plan(tmp_path, *TWO_WORKERS)
    for job in plan.jobs:
        pretend(job)
    check_and_start_workers(plan)
    assert checked == [plan]


def test_this_process_checks_if_workers_cannot(
    checked: list[Plan], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(**_: object) -> NoReturn:
        raise ValueError("no such backend")

    monkeypatch.setattr(checking, "Parallel", fail)
    plan = plain_plan(tmp_path, *TWO_WORKERS)
    check_and_start_workers(plan)
    assert checked == [plan]


def test_ctrl_c_waits_until_workers_have_started() -> None:
    finished = []

    def start() -> None:
        with checking._postponing_ctrl_c():
            signal.raise_signal(signal.SIGINT)
            finished.append(True)

    with pytest.raises(KeyboardInterrupt):
        start()
    assert finished
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
