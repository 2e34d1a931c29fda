"""Learning rates that the user gives per schedule: `lrs={step: 0.1, cosine: 0.03}`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from src.config.resolvers import AUTO
from src.errors import UsageError
from src.sweeps.hydra_adapter import compose_multirun

_EXAMPLE = '"lrs={step: 0.1, cosine: 0.03}"'
_KEY = "optimizer.lr="


def check_rates(rates: object) -> dict[str, float | str]:
    """The rate of each schedule.

    Raises:
        UsageError: `rates` is not a mapping to positive numbers or `auto`.
    """
    if not isinstance(rates, Mapping) or not rates:
        raise UsageError(f"lrs={rates}: must name the rate of each schedule, in quotes, as in {_EXAMPLE}")
    for name, rate in rates.items():
        is_number = isinstance(rate, int | float) and not isinstance(rate, bool) and 0 < rate < math.inf
        if not is_number and rate != AUTO:
            raise UsageError(f"lrs={{{name}: {rate}}}: must be a positive number, or {AUTO}; as in {_EXAMPLE}")
    return {str(name): rate for name, rate in rates.items()}


def jobs_with_rates(overrides: Sequence[str], rates: Mapping[str, float | str]) -> list[tuple[str, ...]]:
    """Every combination of the values in `overrides`, in which the schedules in `rates` have their own rate.

    Raises:
        UsageError: a rate is given for a schedule that the sweep does not have.
    """
    jobs = compose_multirun(overrides).combinations(overrides)
    schedules = list(dict.fromkeys(_schedule(job) for job in jobs))
    if unknown := [name for name in rates if name not in schedules]:
        raise UsageError(f"lrs: {', '.join(unknown)} is not among the schedules of the sweep, {', '.join(schedules)}")
    return list(dict.fromkeys(_with_rate(job, rates.get(_schedule(job))) for job in jobs))


def _schedule(job: Sequence[str]) -> str:
    return next(line.partition("=")[2] for line in job if line.startswith("scheduler="))


def _with_rate(job: tuple[str, ...], rate: float | str | None) -> tuple[str, ...]:
    return job if rate is None else (*(line for line in job if not line.startswith(_KEY)), f"{_KEY}{rate}")
