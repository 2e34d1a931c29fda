"""Checks every setting of a sweep before its first job starts.

A check builds the parts of a run, which takes torch. Workers need it anyway, so they start now and do the checks, while
this process imports what the report will need.
"""

from __future__ import annotations

import logging
import multiprocessing.resource_tracker
import signal
import warnings
from collections.abc import Collection, Generator, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from joblib import Parallel, delayed
from joblib.externals.loky.backend import resource_tracker as loky_resource_tracker

from src.analysis.wording import count_noun
from src.announce import announcing
from src.config.schema import Config
from src.errors import UsageError
from src.sweeps import devices
from src.sweeps.initializer import initialize_worker
from src.sweeps.orphans import marking_main_process
from src.sweeps.parallelism import worker_gpus, workers_to_start
from src.sweeps.plan import Plan
from src.sweeps.reporting import passing_on_stdout

log = logging.getLogger(__name__)


def check_jobs(plan: Plan) -> None:
    """Refuses a sweep before its first job if any of its jobs cannot run.

    Raises:
        UsageError: names the value and the remedy.
    """
    check_settings(plan, plan.settings)


def check_settings(plan: Plan, settings: Collection[Config]) -> None:
    """The same for some of the plan's settings.

    Raises:
        UsageError: names the value and the remedy.
    """
    with announcing("loading torch"):
        from src.runs.build import check_new

    with announcing(_checking(settings)):
        for setting in settings:
            check_new(setting, runs_here=plan.runs_here)


def check_and_start_workers(plan: Plan) -> None:
    """Does the same in the workers of a plan that has some. They then wait for its jobs.

    Raises:
        UsageError: names the value and the remedy; the workers end with this process.
    """
    if not _has_workers(plan) or not plan.unfinished():
        check_jobs(plan)
        return
    try:
        refusals = _check_in_workers(plan)
    except Exception:  # of any kind: launching the jobs shows what is wrong with the launcher
        log.debug("The workers could not check the jobs", exc_info=True)
        check_jobs(plan)
        return
    for refusal in filter(None, refusals):
        raise refusal


def _has_workers(plan: Plan) -> bool:
    return workers_to_start(plan) not in (None, 1)


def _check_in_workers(plan: Plan) -> list[UsageError | None]:
    """Why each setting cannot run; None if it can. joblib keeps its workers for the next call with equal arguments."""
    arguments = {str(key): value for key, value in plan.multirun.launcher.items() if key != "_target_"}
    arguments |= {"backend": "loky", "initializer": initialize_worker, "timeout": None, "verbose": 0}
    arguments["n_jobs"] = workers_to_start(plan)
    tasks = [delayed(_refusal)(setting, plan.runs_here) for setting in plan.settings]
    with (
        announcing(_checking(plan.settings)),
        devices.offering(worker_gpus(plan)),
        marking_main_process(),
        passing_on_stdout(),
        ExitStack() as stack,
    ):
        with _postponing_ctrl_c():
            refusals = Parallel(**arguments, return_as="generator")(tasks)
            stack.enter_context(_closing(refusals))
            import src.analysis.report.build  # noqa: F401 - what the report will need, while this process waits
        return list(refusals)


def _refusal(setting: Config, runs_here: bool) -> UsageError | None:
    """In a worker, why the setting cannot run."""
    from src.runs.build import check_new

    try:
        check_new(setting, runs_here=runs_here)
    except UsageError as error:
        return error
    return None


@contextmanager
def _postponing_ctrl_c() -> Iterator[None]:
    """Acts on Ctrl-C at the end of the context, not while a worker starts or a library is imported.

    That can take a second, but libraries turn an interrupt of their import into another error, or abort. The workers
    inherit a mask that keeps Ctrl-C from ending them in their own imports; `initialize_worker` lifts it.
    """
    for tracker in (multiprocessing.resource_tracker, loky_resource_tracker):
        tracker.ensure_running()  # otherwise it starts with the first worker, and that lifts the mask
    signals: list[int] = []  # that came before the mask or in a thread that does not have it
    handler = signal.signal(signal.SIGINT, lambda number, frame: signals.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
        for number in signals[:1]:
            signal.raise_signal(number)


@contextmanager
def _closing(results: Generator[Any, None, None]) -> Iterator[None]:
    """Kills the workers if the results are not awaited, because of Ctrl-C for example."""
    try:
        yield
    except BaseException:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # joblib warns of results that nobody used
            results.close()
        raise


def _checking(settings: Collection[Config]) -> str:
    return f"checking {count_noun(len(settings), 'setting')}"
