"""The sweep command after argument parsing: plans what the command line asks for, prints it, and runs it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from src.config.suggestions import suggesting_also
from src.data.fallback import resolve_dataset
from src.sweeps.checking import check_jobs, check_settings
from src.sweeps.experiment import FIELDS, experiment_overrides, experiment_rates
from src.sweeps.launch import run_plan, run_study
from src.sweeps.notes import check_no_protocol, plan_notes
from src.sweeps.plan import make_plan
from src.sweeps.protocol import FIELDS as PROTOCOL_FIELDS
from src.sweeps.protocol import protocol_overrides
from src.sweeps.rates import jobs_with_rates
from src.sweeps.reference import check_reference, split_reference

if TYPE_CHECKING:
    from src.sweeps.study import Study

KEYS = (*FIELDS, "protocol", *PROTOCOL_FIELDS)  # that runs do not have

log = logging.getLogger(__name__)


def sweep(arguments: Sequence[str], *, dry_run: bool) -> int:
    """Runs a protocol if the arguments name one, otherwise an experiment; returns the exit status.

    Raises:
        UsageError: an argument is invalid, or a run of the sweep is impossible.
    """
    has_protocol = any(argument.startswith("protocol=") for argument in arguments)
    run = _run_protocol if has_protocol else _run_experiment
    with suggesting_also(KEYS):
        return run(arguments, dry_run=dry_run)


def _run_protocol(arguments: Sequence[str], *, dry_run: bool) -> int:
    from src.sweeps.describe import print_study  # these import pandas and scipy
    from src.sweeps.study import Study

    protocol, overrides = protocol_overrides(arguments)
    study = Study(protocol, overrides if dry_run else resolve_dataset(overrides))
    if dry_run:
        _check_schedules(study)
    print_study(study)
    return 0 if dry_run else run_study(study)


def _check_schedules(study: Study) -> None:
    """Checks one run of each schedule and budget; `run_study` checks every learning rate."""
    plan = study.first_plan
    firsts = {(config.scheduler["name"], config.epochs): config for config in plan.settings}
    check_settings(plan, firsts.values())


def _run_experiment(arguments: Sequence[str], *, dry_run: bool) -> int:
    reference, arguments = split_reference(arguments)
    overrides, rates = experiment_overrides(arguments), experiment_rates(arguments)
    if not dry_run:
        overrides = resolve_dataset(overrides)
    plan = make_plan(overrides, jobs_with_rates(overrides, rates) if rates else None, dry_run=dry_run)
    check_no_protocol(plan)
    check_reference(plan, reference)
    if dry_run:
        from src.sweeps.describe import print_plan  # imports pandas and scipy

        check_jobs(plan)
        print_plan(plan, reference)
        return 0
    for note in plan_notes(plan):
        log.warning("Note: %s", note)
    return run_plan(plan, reference)
