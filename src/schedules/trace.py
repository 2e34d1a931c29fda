"""Learning-rate curves of schedules, traced without training."""

from __future__ import annotations

import torch

from src.config.schema import Config
from src.errors import UsageError
from src.optimizers.build import build_optimizer
from src.schedules.driver import CALCULATION_ERRORS, METRICS, build_schedule, format_error
from src.schedules.preflight import preflight, without_order_warnings

# What `trace` assumes about a run.
IMPROVING = 0.4  # metrics improve evenly over this fraction of the run, then stay the same
WALL_SECONDS = 1800.0  # length of a run that gives none; all its updates take the same time
MAX_UPDATES = 2_000_000  # of all traced schedules together; a second traces some 200,000 updates or ticks


def trace(config: Config, max_updates: int = MAX_UPDATES) -> list[float]:
    """The learning rate of every update of a run, from the driver that training uses.

    Raises:
        UsageError: the run has more updates or ticks than `max_updates`, `preflight` rejects the schedule, or it fails
            after the ticks that preflight checks.
    """
    _check_length(config, max_updates)
    optimizer = build_optimizer(config.optimizer, [torch.nn.Parameter(torch.zeros(1))])
    schedule = build_schedule(config, optimizer)
    preflight(config, schedule)
    per_epoch, steps = config.updates_per_epoch, config.epochs * config.updates_per_epoch
    seconds = (config.seconds or WALL_SECONDS) / steps
    curve: list[float] = []
    try:
        with without_order_warnings():
            for step in range(steps):
                curve.append(schedule.begin_update(step, step * seconds))
                schedule.end_update(step + 1, (step + 1) * seconds)
                if (step + 1) % per_epoch == 0:
                    schedule.end_epoch((step + 1) // per_epoch, _assumed_metrics((step + 1) / steps))
    except CALCULATION_ERRORS as error:
        name = config.scheduler["name"]
        raise UsageError(
            f"scheduler={name} fails after update {len(curve)}: {format_error(error)}; change its parameters"
        ) from error
    return curve


def trace_assumptions(config: Config) -> str:
    """What `trace` assumes about a run under this schedule, in words; empty if nothing."""
    assumptions = []
    if (monitor := config.scheduler.get("monitor")) is not None:
        assumptions.append(f"made-up {monitor}: better for {IMPROVING:.0%} of the run, then the same")
    if config.seconds or config.tick_interval == "second":
        seconds = config.seconds or WALL_SECONDS
        length = f"{seconds / 60:g} minutes" if seconds >= 120 else f"{seconds:g} seconds"
        assumptions.append(f"updates spread evenly over {length}")
    return "; ".join(assumptions)


def _check_length(config: Config, max_updates: int) -> None:
    remedy = "or fewer schedules, as in scheduler=step,cosine"
    updates = config.epochs * config.updates_per_epoch
    if updates > max_updates:
        raise UsageError(
            f"epochs={config.epochs} with batch_size={config.batch_size}: {updates:,} updates per schedule, of which a "
            f"preview traces at most {max_updates:,}; give fewer epochs, {remedy}"
        )
    if config.tick_interval == "second" and (config.seconds or 0) > max_updates:
        raise UsageError(
            f"seconds={config.seconds:g}: one tick per second, of which a preview traces at most {max_updates:,}; give "
            f"fewer seconds, {remedy}"
        )


def _assumed_metrics(fraction_done: float) -> dict[str, float]:
    left = max(0.0, 1 - fraction_done / IMPROVING)
    return {metric: 0.1 + 2.2 * left if metric.endswith("loss") else 0.97 - 0.87 * left for metric in METRICS}
