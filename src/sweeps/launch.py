"""From a plan to its tables: every job is checked, the unfinished ones are started, what there is is compared."""

from __future__ import annotations

import itertools
import logging
from dataclasses import asdict

from hydra._internal.callbacks import Callbacks
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.types import HydraContext

from src.errors import EXIT_FAILED, EXIT_INTERRUPTED
from src.sweeps import workers
from src.sweeps.job import run_job
from src.sweeps.plan import Job, Plan, write_sweep_file
from src.sweeps.protocol import Protocol, Study
from src.sweeps.status import reporting

log = logging.getLogger(__name__)
NOISY_LOGGERS = ("hydra_plugins", "hydra._internal.core_plugins")  # launchers, which list every job they are given


def run_plan(plan: Plan) -> int:
    """Checks the plan, starts its unfinished jobs and ends in the comparison; returns the exit status.

    Raises:
        UsageError: a job cannot run, or another sweep is at work in the folder; none was started.
    """
    check_jobs(plan)
    with workers.stopped_by_signals(plan.folder):
        write_sweep_file(plan)
        _run(plan, f"Sweep in {plan.folder}")
    return _concluded(plan)


def run_study(study: Study) -> int:
    """Tunes, evaluates and compares; returns the exit status.

    Raises:
        UsageError: a job cannot run; none of its phase was started.
    """
    protocol, grids, plans = study.protocol, study.first_grids, [study.first_plan]
    check_jobs(plans[0])
    with workers.stopped_by_signals(plans[0].folder):
        for extension in range(protocol.max_extensions + 1):
            _run_phase("Tuning" if extension == 0 else "Tuning on a wider grid", plans, protocol)
            if plans[-1].without_result():
                break  # a rate chosen from some of the trials would not be the one chosen from all
            choices = study.choices(plans[-1])
            wider = study.extended(grids, choices)
            if wider == grids or extension == protocol.max_extensions:
                plans.append(study.evaluation(choices))
                _run_phase("Evaluation", plans, protocol)
                break
            grids = wider
            plans.append(study.tuning(grids))
    return _concluded(*plans)


def _run_phase(name: str, plans: list[Plan], protocol: Protocol) -> None:
    """Makes the runs of the last plan that are not made yet."""
    write_sweep_file(*plans, protocol=asdict(protocol))
    _run(plans[-1], name)


def _run(plan: Plan, name: str) -> None:
    unfinished = plan.unfinished()
    log.info("%s: %d runs, %d of them to be made", name, len(plan.jobs), len(unfinished))
    with reporting(unfinished):
        _launch_all(plan, unfinished)


def _concluded(*plans: Plan) -> int:
    """Ends in the comparison of whatever there is."""
    _compare(plans[0])
    if workers.is_stopping():
        log.warning("Interrupted; the same command goes on from here")
        return EXIT_INTERRUPTED
    if lost := sum(len(plan.without_result()) for plan in plans):
        log.error("%d runs have no result: the launcher gave up, as said above; the same command tries again", lost)
    return EXIT_FAILED if any(plan.unfinished() for plan in plans) else 0


def check_jobs(plan: Plan) -> None:
    """Refuses a sweep before its first job if one of them cannot run."""
    from src.runs.build import check

    for setting in plan.settings:
        check(setting, runs_here=plan.runs_here)


def _launch_all(plan: Plan, jobs: list[Job]) -> None:
    """Launches what is unfinished; again what was lost with a worker that was killed, as long as some of it gets done.

    A worker that is killed takes the jobs of the others with it. The jobs that were in hand then come last, so that one
    that kills its worker each time costs no other job its turn.
    """
    for attempt in itertools.count():
        if not jobs or workers.is_stopping():
            return
        try:
            _launch(plan, jobs)
            return
        except Exception as error:  # whatever a launcher raises where a worker was killed
            log.error("The launcher gave up: %s: %s", type(error).__name__, str(error).partition("\n")[0])
            log.debug("As it was raised", exc_info=True)
        left = sorted(plan.without_result(), key=lambda job: job.folder.exists())
        if attempt and len(left) >= len(jobs):
            return
        jobs = left


def _launch(plan: Plan, jobs: list[Job]) -> None:
    """Gives jobs to the configured launcher as they are, a plain list."""
    for name in NOISY_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    HydraConfig.instance().set_config(plan.master)
    context = HydraContext(config_loader=plan.hydra.config_loader, callbacks=Callbacks(plan.master))
    launcher = Plugins.instance().instantiate_launcher(hydra_context=context, task_function=run_job, config=plan.master)
    for returned in launcher.launch([list(job.overrides) for job in jobs], initial_job_idx=0):
        _ = returned.return_value  # raises what the job raised


def _compare(plan: Plan) -> None:
    from src.analysis.report.build import build_report

    if any(job.record() for job in plan.jobs):
        build_report([plan.folder], plan.folder)
