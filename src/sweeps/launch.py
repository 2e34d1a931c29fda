"""Runs a plan or a study: checks every job, starts the unfinished ones, and compares the results."""

from __future__ import annotations

import functools
import logging
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from src.announce import announcing
from src.errors import EXIT_FAILED, EXIT_INTERRUPTED, UsageError
from src.program import command_line
from src.sweeps import devices, workers
from src.sweeps.checking import check_and_start_workers
from src.sweeps.job import run_job
from src.sweeps.labels import varied_keys
from src.sweeps.notes import check_no_protocol
from src.sweeps.packs import lockstep_note, packs_by_first, units, with_packs
from src.sweeps.parallelism import worker_gpus, workers_to_start
from src.sweeps.plan import PENDING, Job, Plan
from src.sweeps.protocol import Protocol
from src.sweeps.reference import check_reference
from src.sweeps.reporting import reporting_progress
from src.sweeps.sweep_file import write_sweep_file
from src.terminal import is_unread, look_for_reader

if TYPE_CHECKING:
    import pandas as pd

    from src.sweeps.study import Study

log = logging.getLogger(__name__)


def run_plan(plan: Plan, reference: str | None = None) -> int:
    """Runs the unfinished jobs of a plan and compares the results; returns the exit status.

    Args:
        plan: The jobs.
        reference: What to compare the others with; by default the schedule `constant`.

    Raises:
        UsageError: a job cannot run, the reference is none of them, or another sweep is running in the folder; no job
            was started.
    """
    check_no_protocol(plan)
    check_reference(plan, reference)
    check_and_start_workers(plan)
    with workers.controlling_sweep(plan.folder):
        plan = with_packs(plan)
        write_sweep_file(plan, reference=reference)
        _run_jobs(plan, f"Sweep in {plan.folder}")
    return _conclude(plan)


def run_study(study: Study) -> int:
    """Tunes, evaluates and compares; returns the exit status.

    Raises:
        UsageError: a job cannot run; no job of its phase was started.
    """
    from src.sweeps.chosen_rates import print_chosen_rates  # imports pandas

    plans = [study.first_plan]
    check_and_start_workers(plans[0])
    with workers.controlling_sweep(plans[0].folder):
        choices = _tune(study, plans)
        if choices is not None:
            print_chosen_rates(choices)
            plans.append(study.evaluation(choices))
            _run_phase("Evaluation", plans, study.protocol)
    return _conclude(*plans, protocol=study.protocol)


def _tune(study: Study, plans: list[Plan]) -> pd.DataFrame | None:
    """Runs the first of the plans, then adds and runs those that extend or refine its grids.

    Returns:
        The best learning rates; None if a run has no result, because a rate chosen from some of the runs might not be
        the one chosen from all of them.
    """
    _run_phase("Tuning", plans, study.protocol)
    _extend(study, plans)
    tuning = plans[-1:]  # the largest grid, which contains the others
    if plans[-1].without_result():
        return None
    if study.protocol.refine:
        plans.append(study.refinement(study.choices(*tuning)))
        tuning = plans[-2:]
        _run_phase("Refinement of the best rates", plans, study.protocol)
    return None if plans[-1].without_result() else study.choices(*tuning)


def _extend(study: Study, plans: list[Plan]) -> None:
    """Runs the extended grids, one after another, until no best rate lies at an edge or a run has no result."""
    grids = study.first_grids
    while not plans[-1].without_result() and len(plans) <= study.protocol.max_extensions:
        extended = study.extended(grids, plans[-1])
        if extended == grids:
            return
        grids = extended
        plans.append(study.tuning(grids))
        _run_phase("Tuning on an extended grid", plans, study.protocol)


def _run_phase(name: str, plans: list[Plan], protocol: Protocol) -> None:
    """Runs the last of the study's plans so far."""
    plans[-1] = with_packs(plans[-1])
    write_sweep_file(*plans, protocol=asdict(protocol))
    _run_jobs(plans[-1], name)


def _run_jobs(plan: Plan, name: str) -> None:
    # Jobs that have already started come last: one that kills its process each time must not keep others from running.
    unfinished = sorted(plan.unfinished(), key=Job.was_started)
    log.info("%s: %d of %d runs to do", name, len(unfinished), len(plan.jobs))
    if unfinished and (note := lockstep_note(plan)):
        log.info(note)
    with reporting_progress(plan.jobs):
        _launch_until_done(plan, unfinished)


def _launch_until_done(plan: Plan, jobs: list[Job]) -> None:
    """Launches the jobs, and again those left over when a worker was killed.

    A killed worker takes the jobs of the other workers with it. Each job or pack that was running then is launched
    alone: the innocent ones get done, and one that kills its worker again is recorded as failed.
    """
    while jobs and not workers.is_stopping():
        suspects = _run_batch(plan, jobs)
        for unit in units(plan, suspects):
            for job in [] if workers.is_stopping() else _run_batch(plan, unit):
                _record_killed(job, is_packed=len(unit) > 1)
        remaining = [job for job in jobs if job.status() in PENDING]
        if not suspects or len(remaining) == len(jobs):  # all is done, or the launcher itself does not work
            return
        jobs = remaining


def _run_batch(plan: Plan, jobs: list[Job]) -> list[Job]:
    """Launches the jobs; returns those that were running when a worker was killed."""
    start = time.time()
    try:
        _launch(plan, jobs)
    except Exception as error:  # any type: launchers differ in what they raise when a worker was killed
        log.error("The launcher failed: %s: %s", type(error).__name__, str(error).partition("\n")[0])
        log.debug("Traceback of the launcher", exc_info=True)
        return [job for job in jobs if job.was_started(start) and job.status() in PENDING]
    return []


def _launch(plan: Plan, jobs: list[Job]) -> None:
    # The task is sent to every worker, also to those of clusters.
    task = functools.partial(run_job, varied=varied_keys(job.overrides for job in plan.jobs))
    firsts = [unit[0] for unit in units(plan, jobs)]
    if members := packs_by_first(plan, firsts):
        task = functools.partial(task, packs=members, compose=plan.multirun.compose_job)
    with devices.offering(worker_gpus(plan)):
        plan.multirun.launch([job.overrides for job in firsts], task, workers_to_start(plan))


def _record_killed(job: Job, *, is_packed: bool) -> None:
    from src.runs.run import record_refusal

    message = "the process of this run was killed twice, the second time alone; see its train.log, or use less memory"
    if is_packed:
        message = (
            "the process of this run and others in lockstep was killed twice; see its train.log, or use lockstep=1"
        )
    log.error("%s: %s", job.folder, message)
    record_refusal(job.config, job.folder, UsageError(message))


def _conclude(*plans: Plan, protocol: Protocol | None = None) -> int:
    """Compares whatever results there are; returns the exit status."""
    table: pd.DataFrame | None = None
    if workers.is_stopping():
        look_for_reader()  # a worker may have missed it first, and stopped the sweep
    if workers.is_stopping() and not is_unread():  # somebody waits for the prompt
        _compare_unfinished(plans[0])
    else:
        table = _compare(plans[0])
    if workers.is_stopping():
        log.warning("Interrupted; run the same command to resume")
        return EXIT_INTERRUPTED
    if missing := sum(len(plan.without_result()) for plan in plans):
        log.error("%d runs have no result: the launcher failed, see above; run the same command to retry them", missing)
    if any(plan.unfinished() for plan in plans):
        return EXIT_FAILED
    if table is not None:
        from src.sweeps.next_step import next_step  # imports pandas

        log.info(next_step(table, plans[-1], protocol))
    return 0


def _compare(plan: Plan) -> pd.DataFrame | None:
    """Builds the report and returns its comparison; None if no run has a record."""
    with announcing("loading libraries"):
        from src.analysis.report.build import build_report

    return build_report([plan.folder], plan.folder) if any(job.record() for job in plan.jobs) else None


def _compare_unfinished(plan: Plan) -> None:
    """Writes and prints the tables, if any run has a record, and names the command for the rest of the report."""
    if any(job.record() for job in plan.jobs):
        with announcing("loading libraries"):
            from src.analysis.report.tabulate import tabulate_unfinished

        tabulate_unfinished(plan.folder)
        log.info("Figures and report.html of what is finished: %s", command_line("report", str(plan.folder)))
