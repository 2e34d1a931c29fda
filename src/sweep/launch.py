"""From a plan to its tables: every job is checked, the unfinished ones are started, what there is is compared."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from hydra._internal.callbacks import Callbacks
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.types import HydraContext

from src.job import EXIT_FAILED, EXIT_INTERRUPTED, run_job
from src.sweep.plan import Plan, write_sweep_file

log = logging.getLogger(__name__)


def run_plan(plan: Plan, start: Callable[[], Any]) -> int:
    """Checks the plan, starts its jobs by `start` and ends in the comparison; returns the exit status.

    Raises:
        UsageError: a job cannot run; none was started.
    """
    check_jobs(plan)
    write_sweep_file(plan)
    try:
        start()
    except KeyboardInterrupt:
        log.warning("Interrupted; the same command goes on from here")
        return EXIT_INTERRUPTED
    finally:  # also where a worker was killed and the launcher gave up
        all_finished = compare(plan)
    return 0 if all_finished else EXIT_FAILED


def launch(plan: Plan) -> None:
    """Gives the unfinished jobs to the configured launcher as they are, a plain list."""
    HydraConfig.instance().set_config(plan.master)
    context = HydraContext(config_loader=plan.hydra.config_loader, callbacks=Callbacks(plan.master))
    launcher = Plugins.instance().instantiate_launcher(hydra_context=context, task_function=run_job, config=plan.master)
    launcher.launch([list(job.overrides) for job in plan.unfinished], initial_job_idx=0)


def check_jobs(plan: Plan) -> None:
    """Refuses a sweep before its first job if one of them cannot run."""
    from src.experiment import check

    for setting in plan.settings:
        check(setting)


def compare(plan: Plan) -> bool:
    """Writes and prints the comparison of what the sweep's folder holds; whether every job has a result."""
    from src.analysis.report import build_report
    from src.records import find_record

    ends = [find_record(job.folder) for job in plan.jobs]
    if any(ends):
        build_report([plan.folder], plan.folder)
    return all(record is not None and record.status in ("completed", "diverged") for record in ends)
