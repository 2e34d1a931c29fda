"""`python -m src.train -m`: Hydra's own multirun between a check of every job and the tables."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from src.job import EXIT_FAILED, EXIT_INTERRUPTED
from src.sweep.plan import Plan, make_plan, write_sweep_file

log = logging.getLogger(__name__)


def multirun(hydra_main: Callable[[], Any], overrides: Sequence[str]) -> int:
    """Runs Hydra's multirun, which reads sys.argv, and ends in the comparison; returns the exit status.

    Raises:
        UsageError: a job's config is impossible; none was started.
    """
    try:
        plan = make_plan(overrides)
    except (HydraException, OmegaConfBaseException):
        hydra_main()  # Hydra says what is wrong
        return EXIT_FAILED
    check_jobs(plan)
    write_sweep_file(plan)
    GlobalHydra.instance().clear()
    try:
        hydra_main()
    except KeyboardInterrupt:
        log.warning("Interrupted; the same command goes on from here")
        return EXIT_INTERRUPTED
    finally:  # also where a worker was killed and the launcher gave up
        all_finished = compare(plan)
    return 0 if all_finished else EXIT_FAILED


def check_jobs(plan: Plan) -> None:
    """Refuses a sweep before its first job if one of them cannot run."""
    from src.experiment import check

    for setting in plan.settings:
        check(setting)


def compare(plan: Plan) -> bool:
    """Writes and prints the comparison of what the sweep's folder holds; whether every job has a result."""
    from src.analysis.report import build_report
    from src.records import find_record

    build_report([plan.folder], plan.folder)
    ends = [find_record(job.folder) for job in plan.jobs]
    return all(record is not None and record.status in ("completed", "diverged") for record in ends)
