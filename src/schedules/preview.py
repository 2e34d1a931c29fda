"""Learning-rate curves of schedules over a run, traced without data and without training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from src.config.auto_lr import wants_range_test, with_placeholder_lr
from src.config.schema import Config
from src.errors import UsageError
from src.schedules import choices
from src.schedules.trace import MAX_UPDATES, trace, trace_assumptions


@dataclass(frozen=True)
class Curve:
    """The learning rate of every update of a run.

    Attributes:
        scheduler: The schedule's name.
        lrs: One value per update.
        updates_per_epoch: Updates in an epoch of the run.
        peak: `optimizer.lr`.
        length: Length of the run, in `unit`.
        unit: "epoch" or "second".
        note: What the trace assumes about the run; may be empty.
    """

    scheduler: str
    lrs: Sequence[float]
    updates_per_epoch: int
    peak: float
    length: float
    unit: str = "epoch"
    note: str = ""


@dataclass(frozen=True)
class Preview:
    """The curves of several schedules over the same run.

    Attributes:
        title: What the curves have in common.
        curves: At least one.
        refusals: Schedules that do not fit the run, with the reason.
    """

    title: str
    curves: Sequence[Curve]
    refusals: dict[str, UsageError]

    @property
    def notes(self) -> list[str]:
        """What the traces assume: one line per assumption, with the schedules it applies to."""
        lines = []
        for note in dict.fromkeys(curve.note for curve in self.curves if curve.note):
            names = [curve.scheduler for curve in self.curves if curve.note == note]
            applies_to_all = 1 < len(names) == len(self.curves)
            lines.append(f"{'all' if applies_to_all else ', '.join(names)}: {note}")
        return lines


def preview_schedules(overrides: Sequence[str]) -> Preview:
    """Traces the schedules that the overrides select; all of conf/scheduler if they select none.

    Of all schedules, those that do not fit the other overrides are left out.

    Raises:
        UsageError: a selected schedule does not fit the other overrides, or no schedule does.
    """
    selected, others = choices.split_overrides(with_placeholder_lr(overrides))
    refusals: dict[str, UsageError] = {}
    with choices.config_loader(others) as load:
        if selected:
            traces = [_trace(load(name), MAX_UPDATES // len(selected)) for name in selected]
        else:
            traces, refusals = _trace_all(load, choices.names(overrides))
    title = _title([config for config, _ in traces], is_placeholder_lr=wants_range_test(overrides))
    return Preview(title, [curve for _, curve in traces], refusals)


def _trace_all(
    load: Callable[[str], Config], names: Sequence[str]
) -> tuple[list[tuple[Config, Curve]], dict[str, UsageError]]:
    """Config and curve of every schedule that fits, and why the others do not.

    Raises:
        UsageError: no schedule fits.
    """
    results = {name: _try_trace(load, name, MAX_UPDATES // len(names)) for name in names}
    traces = [result for result in results.values() if not isinstance(result, UsageError)]
    refusals = {name: result for name, result in results.items() if isinstance(result, UsageError)}
    if not traces:
        raise next(iter(refusals.values()))
    return traces, refusals


def _try_trace(load: Callable[[str], Config], name: str, max_updates: int) -> tuple[Config, Curve] | UsageError:
    try:
        return _trace(load(name), max_updates)
    except UsageError as error:
        return error


def _trace(config: Config, max_updates: int) -> tuple[Config, Curve]:
    return config, Curve(
        scheduler=config.scheduler["name"],
        lrs=trace(config, max_updates),
        updates_per_epoch=config.updates_per_epoch,
        peak=float(config.optimizer["lr"]),
        length=config.seconds or config.epochs,
        unit="second" if config.seconds else "epoch",
        note=trace_assumptions(config),
    )


def _title(configs: Sequence[Config], *, is_placeholder_lr: bool) -> str:
    config = configs[0]
    epochs = f"{config.epochs} epoch{'s' if config.epochs > 1 else ''}"
    updates = config.epochs * config.updates_per_epoch
    length = (
        f"{config.seconds:g} seconds" if config.seconds else f"{epochs} of {config.data.name} ({updates:,} updates)"
    )
    peak = "optimizer.lr=auto, drawn as 1" if is_placeholder_lr else f"peak {config.optimizer['lr']:g}"
    parts = [f"Learning rate over {length}", peak]
    if config.warmup and all(other.warmup == config.warmup for other in configs):
        parts.append(f"warmup {config.warmup:g}")
    return ", ".join(parts)
