"""Schedules without training: checked before a run starts, or traced to be drawn."""

from __future__ import annotations

import copy
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from src.config.schema import Config
from src.errors import UsageError
from src.optimizers.build import build_optimizer
from src.schedules.driver import CALCULATION_ERRORS, METRICS, Schedule, build_schedule, format_error

_CHECKED_TICKS = 10_000

# What `trace` assumes about a run.
IMPROVING = 0.4  # metrics improve evenly over this fraction of the run, then stay the same
WALL_SECONDS = 1800.0  # length of a run that gives none; all its updates take the same time


def preflight(config: Config, schedule: Schedule) -> list[float]:
    """The learning rate of every tick, up to the first 10,000, on a copy of the schedule and its optimizer.

    A metric-driven schedule receives a metric that never changes.

    Raises:
        UsageError: the schedule fails, leaves the range from 0 to the peak, or cannot be saved.
    """
    schedule = copy.deepcopy(schedule)
    name, peak = config.scheduler["name"], config.optimizer["lr"]
    curve: list[float] = []
    with _no_order_warnings():
        for tick in range(min(config.total_ticks or _CHECKED_TICKS, _CHECKED_TICKS)):
            try:
                if schedule.monitor is None:
                    schedule.advance(tick)
                else:
                    schedule.end_epoch(tick, dict.fromkeys(METRICS, 1.0))
            except CALCULATION_ERRORS as error:
                raise UsageError(
                    f"scheduler={name} fails at tick {tick}: {format_error(error)}; change its parameters"
                ) from error
            curve.append(schedule.lr)
            if not 0 <= curve[-1] <= peak * (1 + 1e-9):
                raise UsageError(
                    f"scheduler={name} sets the learning rate to {curve[-1]:g} at tick {tick}; it must be from 0 to "
                    f"the peak, optimizer.lr={peak:g}: change its parameters"
                )
    _check_saving(name, schedule)
    return curve


def trace(config: Config) -> list[float]:
    """The learning rate of every update of a run, from the driver that training uses.

    Raises:
        UsageError: `preflight` rejects the schedule, or it fails after the ticks that preflight checks.
    """
    optimizer = build_optimizer(config.optimizer, [torch.nn.Parameter(torch.zeros(1))])
    schedule = build_schedule(config, optimizer)
    preflight(config, schedule)
    per_epoch, steps = config.updates_per_epoch, config.epochs * config.updates_per_epoch
    seconds = (config.seconds or WALL_SECONDS) / steps
    curve: list[float] = []
    try:
        with _no_order_warnings():
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


def _assumed_metrics(fraction_done: float) -> dict[str, float]:
    left = max(0.0, 1 - fraction_done / IMPROVING)
    return {metric: 0.1 + 2.2 * left if metric.endswith("loss") else 0.97 - 0.87 * left for metric in METRICS}


def _check_saving(name: str, schedule: Schedule) -> None:
    """Rejects a schedule whose state cannot be restored: an interrupted run would be lost."""
    file = io.BytesIO()
    try:
        torch.save(schedule.state_dict(), file)
        file.seek(0)
        torch.load(file, weights_only=True)
    except Exception as error:  # pickle raises almost anything
        types = {key: type(value).__name__ for key, value in schedule.state_dict().items()}
        raise UsageError(
            f"scheduler={name}: its state_dict cannot be saved and restored as plain values and tensors ({types})"
        ) from error


@contextmanager
def _no_order_warnings() -> Iterator[None]:
    """Silences torch's warning about a scheduler that steps before its optimizer, which here never steps."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield
