"""The schedule driver: when a schedule ticks, on which clock, with which metric, and the warmup on top of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from torch.optim import Optimizer
from torch.optim.lr_scheduler import CyclicLR, LambdaLR, LRScheduler, OneCycleLR, ReduceLROnPlateau

from src.config.instantiate import build, check_arguments, locate, matches_type, parameters, type_hints
from src.config.schema import Config
from src.errors import UsageError
from src.optimizers.build import is_schedule_free
from src.schedules.spans import check_spans

CALCULATION_ERRORS = (ArithmeticError, AttributeError, LookupError, NameError, RuntimeError, TypeError, ValueError)
METRICS = ("train_loss", "train_accuracy", "val_loss", "val_accuracy")  # those a schedule may monitor


@dataclass(frozen=True)
class Warmup:
    """A linear ramp to 1 over a number of updates or, in a wall-clock run, over a number of seconds.

    No update is wasted on a learning rate of 0: the first one has 1/steps or, in a wall-clock run, `START` of the peak.
    """

    START: ClassVar[float] = 0.01

    steps: int = 0
    seconds: float = 0.0

    def factor(self, step: int, seconds: float) -> float:
        """The multiplier of the learning rate for the update after `step` updates and `seconds`."""
        if self.steps:
            return min(1.0, (step + 1) / self.steps)
        if self.seconds:
            return min(1.0, max(self.START, seconds / self.seconds))
        return 1.0


def format_error(error: Exception) -> str:
    """The message of an exception that a schedule raised, with its type unless it is a ValueError."""
    return str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"


class Schedule:
    """A torch scheduler on the run's clock.

    It has no state of its own: `advance` brings the scheduler's `last_epoch` up to the run's tick count, so a run
    resumes from the states of optimizer and scheduler and the counters. Between updates the optimizer holds the base
    learning rate; warmup scales it only for the update, so that schedules which read the rate back (torch's chainable
    ones, plateau) never see the ramp.
    """

    def __init__(
        self,
        scheduler: LRScheduler,
        *,
        interval: str,
        monitor: str | None = None,
        total_ticks: int | None = None,
        warmup: Warmup | None = None,
    ) -> None:
        self.scheduler = scheduler
        self.interval = interval
        self.monitor = monitor
        self.total_ticks = total_ticks
        self.warmup = warmup or Warmup()
        self._optimizer = scheduler.optimizer
        self._base_lrs: list[float] | None = None  # restored after the update, during warmup only

    def begin_update(self, step: int, seconds: float) -> float:
        """Sets the learning rate of the update after `step` updates and `seconds`; returns it."""
        groups = self._optimizer.param_groups  # not stored: loading a state creates new ones
        factor = self.warmup.factor(step, seconds)
        if factor < 1.0:
            self._base_lrs = [group["lr"] for group in groups]
            for group, lr in zip(groups, self._base_lrs, strict=True):
                group["lr"] = lr * factor
        return float(groups[0]["lr"])

    def end_update(self, step: int, seconds: float) -> None:
        """Restores the base learning rate, and ticks if a tick is due after `step` updates and `seconds`."""
        if self._base_lrs is not None:
            for group, lr in zip(self._optimizer.param_groups, self._base_lrs, strict=True):
                group["lr"] = lr
            self._base_lrs = None
        if self.interval == "step":
            self.advance(step)
        elif self.interval == "second":
            self.advance(int(seconds))

    def end_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Ticks an epoch schedule after `epoch` epochs; passes a metric-driven one its metric."""
        if self.monitor is not None:
            self.scheduler.step(metrics[self.monitor])  # type: ignore[arg-type]
        elif self.interval == "epoch":
            self.advance(epoch)

    def advance(self, ticks: int) -> None:
        """Brings the scheduler up to the run's tick count."""
        # No update follows the last tick, and torch's one-cycle and cosine schedules raise or rebound there.
        due = ticks if self.total_ticks is None else min(ticks, self.total_ticks - 1)
        while self.scheduler.last_epoch < due:
            self.scheduler.step()

    @property
    def lr(self) -> float:
        """The learning rate of the first parameter group, without warmup."""
        return float(self._optimizer.param_groups[0]["lr"])

    def state_dict(self) -> dict[str, Any]:
        return self.scheduler.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.scheduler.load_state_dict(state)


def build_schedule(config: Config, optimizer: Optimizer) -> Schedule:
    """The configured schedule on `optimizer`, whose lr is the peak.

    Raises:
        UsageError: the parameters, the monitor, the interval or the optimizer do not fit the schedule.
    """
    _check_scheduler(config)
    scheduler = _build_scheduler(config, optimizer)
    return Schedule(
        scheduler,
        interval=config.tick_interval,
        monitor=config.scheduler.get("monitor"),
        total_ticks=config.total_ticks,
        warmup=build_warmup(config),
    )


def build_warmup(config: Config) -> Warmup:
    if config.warmup >= 1:
        return Warmup(steps=int(config.warmup))
    if config.total_steps is None:
        return Warmup(seconds=config.warmup * (config.seconds or 0.0))
    return Warmup(steps=round(config.warmup * config.total_steps))


def _check_scheduler(config: Config) -> None:
    """Checks the target, its arguments, the monitor and the interval; needs no optimizer.

    Raises:
        UsageError: one of them does not fit the schedule.
    """
    target, arguments = _target(config)
    if not inspect.isclass(target):
        check_arguments("scheduler", target, arguments, num_positional=2)
    elif not issubclass(target, LRScheduler):
        raise UsageError(f"scheduler._target_={config.scheduler['_target_']}: is not a torch LRScheduler")
    else:
        check_arguments("scheduler", target, arguments, num_positional=1)
    check_spans(target, arguments)
    needs_metric = inspect.isclass(target) and issubclass(target, ReduceLROnPlateau)
    _check_monitor(config, needs_metric)


def _target(config: Config) -> tuple[Callable[..., Any], dict[str, Any]]:
    arguments = parameters(config.scheduler, without=("interval", "monitor", "default_warmup"))
    return locate("scheduler", config.scheduler), arguments


def _build_scheduler(config: Config, optimizer: Optimizer) -> LRScheduler:
    target, arguments = _target(config)
    if not inspect.isclass(target):
        return _build_from_function(config, target, arguments, optimizer)
    _check_torch_pitfalls(config, target, arguments, optimizer)
    scheduler: LRScheduler = build("scheduler", target, optimizer, **arguments)
    return scheduler


def _build_from_function(
    config: Config, function: Callable[..., Any], arguments: Mapping[str, Any], optimizer: Optimizer
) -> LambdaLR:
    """The schedule of a function of tick and horizon that returns a multiplier of the peak."""
    name, horizon = config.scheduler["name"], config.total_ticks
    if horizon is None and not matches_type(_horizon_annotation(function), None):
        raise UsageError(
            f"scheduler={name} spans the run, whose length in ticks of interval={config.tick_interval} is unknown; "
            "with interval=second give it as seconds=60"
        )
    try:
        return LambdaLR(optimizer, lambda tick: float(function(tick, horizon, **arguments)))
    except CALCULATION_ERRORS as error:
        raise UsageError(f"scheduler={name} fails at tick 0: {format_error(error)}; change its parameters") from error


def _horizon_annotation(function: Callable[..., Any]) -> Any:
    """The annotation of a shape's second parameter, the horizon."""
    names = list(inspect.signature(function).parameters)
    return type_hints(function).get(names[1], object) if len(names) > 1 else object


def _check_torch_pitfalls(config: Config, target: type, arguments: Mapping[str, Any], optimizer: Optimizer) -> None:
    """Rejects parameters with which torch would divide by zero or invent a momentum."""
    if issubclass(target, (OneCycleLR, CyclicLR)) and arguments.get("cycle_momentum"):
        _check_momentum(config, optimizer)
    if issubclass(target, OneCycleLR) and arguments.get("pct_start", 0.3) * arguments.get("total_steps", 0) == 1:
        raise UsageError(
            f"scheduler.pct_start={arguments['pct_start']:g}: the rise would last a single tick; use a larger "
            "fraction, or 0"
        )


def _check_monitor(config: Config, needs_metric: bool) -> None:
    name, monitor = config.scheduler["name"], config.scheduler.get("monitor")
    if not needs_metric:
        if monitor is not None:
            raise UsageError(f"scheduler.monitor={monitor}: scheduler={name} monitors no metric; set it to null")
        return
    if monitor not in METRICS:
        raise UsageError(f"scheduler.monitor={monitor}: scheduler={name} needs one of {', '.join(METRICS)}")
    if config.tick_interval != "epoch":
        raise UsageError(
            f"interval={config.tick_interval}: scheduler={name} needs a metric, which is computed once per "
            "epoch; use interval=epoch"
        )
    mode = "max" if monitor.endswith("accuracy") else "min"
    if config.scheduler.get("mode", "min") != mode:
        better = "larger" if mode == "max" else "smaller"
        raise UsageError(
            f"scheduler.mode={config.scheduler.get('mode')}: a {better} {monitor} is better; set scheduler.mode={mode}"
        )


def _check_momentum(config: Config, optimizer: Optimizer) -> None:
    """Checks before torch does: it would silently turn a momentum of 0 into 0.95."""
    request = f"scheduler.cycle_momentum=true: optimizer={config.optimizer['name']}"
    if is_schedule_free(optimizer):  # its momentum converts training weights to evaluation weights
        raise UsageError(f"{request} relies on a constant momentum; set scheduler.cycle_momentum=false")
    defaults = optimizer.defaults
    if not defaults.get("momentum") and "betas" not in defaults:
        raise UsageError(
            f"{request} has no momentum to cycle; set scheduler.cycle_momentum=false"
            + (", or optimizer.momentum above 0" if "momentum" in defaults else "")
        )
