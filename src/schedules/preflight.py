"""Checks a schedule over its first ticks, before a run starts."""

from __future__ import annotations

import copy
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from src.config.schema import Config
from src.errors import UsageError
from src.schedules.driver import CALCULATION_ERRORS, METRICS, Schedule, format_error

_CHECKED_TICKS = 10_000


def preflight(config: Config, schedule: Schedule) -> list[float]:
    """The learning rate of every tick, up to the first 10,000, on a copy of the schedule and its optimizer.

    A metric-driven schedule receives a metric that never changes.

    Raises:
        UsageError: the schedule fails, leaves the range from 0 to the peak, or cannot be saved.
    """
    schedule = _copy(config.scheduler["name"], schedule)
    name, peak = config.scheduler["name"], config.optimizer["lr"]
    curve: list[float] = []
    with without_order_warnings():
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


@contextmanager
def without_order_warnings() -> Iterator[None]:
    """Silences torch's warning about a scheduler that steps before its optimizer, which here never steps."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def _copy(name: str, schedule: Schedule) -> Schedule:
    try:
        return copy.deepcopy(schedule)
    except Exception as error:  # a class of the user's own may hold anything
        raise UsageError(f"scheduler={name}: it or its optimizer cannot be copied to check it ({error})") from error


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
