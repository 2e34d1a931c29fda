"""A schedule on a throw-away optimizer: what a run would do is refused, or drawn, before there is a run."""

from __future__ import annotations

import io

import torch
from torch.optim import Optimizer

from src.config.schema import Config
from src.errors import UsageError
from src.optimizers.build import build_optimizer
from src.schedules.driver import CALCULATION_ERRORS, METRICS, Schedule, build_schedule, format_error

_REHEARSED_TICKS = 10_000

# What `trace` supposes of a run that is not made.
IMPROVING = 0.4  # metrics improve evenly over this fraction of the run, and then stand still
WALL_SECONDS = 1800.0  # length of a run that is not told it; its updates all take the same time


def preflight(config: Config) -> list[float]:
    """The learning rate of every tick, up to the first 10,000, on a throw-away optimizer.

    A metric-driven schedule is given a metric that never changes.

    Raises:
        UsageError: the schedule fails, goes below 0 or above the peak, or cannot be saved.
    """
    optimizer, schedule = _stand_in(config)
    name = config.scheduler["name"]
    curve: list[float] = []
    for tick in range(min(config.total_ticks or _REHEARSED_TICKS, _REHEARSED_TICKS)):
        try:
            if schedule.monitor is None:
                schedule.advance(tick)
            else:
                schedule.end_epoch(tick, dict.fromkeys(METRICS, 1.0))
        except CALCULATION_ERRORS as error:
            raise UsageError(
                f"scheduler={name} fails at tick {tick}: {format_error(error)}; change its parameters"
            ) from error
        curve.append(float(optimizer.param_groups[0]["lr"]))
        if not 0 <= curve[-1] <= config.optimizer["lr"] * (1 + 1e-9):
            raise UsageError(
                f"scheduler={name} sets the learning rate to {curve[-1]:g} at tick {tick}; it must be from 0 to the "
                f"peak, optimizer.lr={config.optimizer['lr']:g}: change its parameters"
            )
    _check_saving(name, schedule)
    return curve


def trace(config: Config) -> list[float]:
    """The learning rate of every update of a run, driven as the trainer drives it, on a throw-away optimizer.

    Raises:
        UsageError: `preflight` refuses the schedule, or it fails later than that looks.
    """
    preflight(config)
    _, schedule = _stand_in(config)
    per_epoch, steps = config.updates_per_epoch, config.epochs * config.updates_per_epoch
    seconds = (config.seconds or WALL_SECONDS) / steps
    curve: list[float] = []
    try:
        for step in range(steps):
            curve.append(schedule.begin_update(step, step * seconds))
            schedule.end_update(step + 1, (step + 1) * seconds)
            if (step + 1) % per_epoch == 0:
                schedule.end_epoch((step + 1) // per_epoch, _supposed_metrics((step + 1) / steps))
    except CALCULATION_ERRORS as error:
        name = config.scheduler["name"]
        raise UsageError(
            f"scheduler={name} fails after update {len(curve)}: {format_error(error)}; change its parameters"
        ) from error
    return curve


def trace_assumptions(config: Config) -> str:
    """What `trace` has to suppose of a run under this schedule, in words; empty where it supposes nothing."""
    supposed = []
    if (monitor := config.scheduler.get("monitor")) is not None:
        supposed.append(f"made-up {monitor}: better for {IMPROVING:.0%} of the run, then the same")
    if config.seconds or config.tick_interval == "second":
        seconds = config.seconds or WALL_SECONDS
        length = f"{seconds / 60:g} minutes" if seconds >= 120 else f"{seconds:g} seconds"
        supposed.append(f"updates spread evenly over {length}")
    return "; ".join(supposed)


def _supposed_metrics(done: float) -> dict[str, float]:
    """The metrics at the end of an epoch, `done` of the run being over."""
    left = max(0.0, 1 - done / IMPROVING)
    return {metric: 0.1 + 2.2 * left if metric.endswith("loss") else 0.97 - 0.87 * left for metric in METRICS}


def _check_saving(name: str, schedule: Schedule) -> None:
    """A schedule whose state cannot be read back would lose an interrupted run."""
    file = io.BytesIO()
    try:
        torch.save(schedule.state_dict(), file)
        file.seek(0)
        torch.load(file, weights_only=True)
    except Exception as error:  # pickle raises what it likes
        held = {key: type(value).__name__ for key, value in schedule.state_dict().items()}
        raise UsageError(
            f"scheduler={name}: its state_dict cannot be saved and read back as plain values and tensors ({held})"
        ) from error


def _stand_in(config: Config) -> tuple[Optimizer, Schedule]:
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = build_optimizer(config.optimizer, [weight])
    schedule = build_schedule(config, optimizer)
    if hasattr(optimizer, "train"):  # schedule-free
        optimizer.train()
    optimizer.step()  # torch warns of a scheduler that is stepped before its optimizer
    return optimizer, schedule
