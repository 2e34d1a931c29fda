"""The `${...}` functions of the config: spans of the run in ticks, fractions of the peak; and their registration."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from omegaconf import DictConfig, OmegaConf

from src.config.group_help import group_help
from src.config.naming import keys_outside_label, run_path
from src.config.sweep_names import sweep_name
from src.errors import UsageError

AUTO = "auto"  # the value of optimizer.lr that asks for a range test


def updates_per_epoch(train_size: int, batch_size: int, accumulate_batches: int) -> int:
    """Number of optimizer updates in an epoch."""
    return math.ceil(math.ceil(train_size / batch_size) / accumulate_batches)


def ticks(fraction: float, minimum: int = 1, *, _root_: DictConfig) -> int:
    """`${ticks:0.5}`: that fraction of the run in ticks of the schedule, at least `minimum`.

    An integer, because torch's schedulers never reach a float milestone.
    """
    return max(minimum, round(fraction * _known_ticks(_root_)))


def decay(final: float, *, _root_: DictConfig) -> float:
    """`${decay:0.01}`: the factor per tick whose product over the run is `final`."""
    return float(final ** (1 / _known_ticks(_root_)))


def rate(total: float, *, _root_: DictConfig) -> float:
    """`${rate:9.0}`: the increment per tick that sums to `total` over the run."""
    return float(total / _known_ticks(_root_))


def first_cycle(num_cycles: int, growth: int, *, _root_: DictConfig) -> int:
    """`${first_cycle:3,2}`: ticks of the first of three cycles that fill the run, each twice as long as the one before.

    Rounds up: rounding down would start a fourth cycle, at the peak, in the last ticks of the run.
    """
    return math.ceil(_known_ticks(_root_) / sum(growth**cycle for cycle in range(num_cycles)))


def ramp(*, _root_: DictConfig) -> float:
    """`${ramp:}`: the length of the warmup as a fraction of the run."""
    warmup = float(_root_.warmup)
    if _root_.seconds:
        if warmup >= 1:
            raise UsageError(
                f"warmup={warmup:g}: scheduler={_root_.scheduler.name} starts where the warmup ends, and a run of "
                f"{_root_.seconds:g} seconds has an unknown number of updates; give a fraction, as in warmup=0.1"
            )
        return warmup
    updates = _known_updates(_root_)
    return (warmup if warmup >= 1 else round(warmup * updates)) / updates


def memory(fraction: float, *, _root_: DictConfig) -> float:
    """`${memory:0.1}`: the decay per update of a moving average that spans that fraction of the run's updates."""
    if _root_.seconds:
        raise UsageError(
            f"averaging={_root_.averaging.name}: a run of {_root_.seconds:g} seconds has an unknown number of updates; "
            "give averaging.decay, for example averaging.decay=0.999"
        )
    return 1 - 1 / max(1.0, fraction * _known_updates(_root_))


def peak_fraction(fraction: float, *, _root_: DictConfig) -> float:
    """`${lr:0.1}`: that fraction of the peak learning rate."""
    peak = _root_.optimizer.lr
    if peak == AUTO:
        raise UsageError(
            f"optimizer.lr={AUTO} is found when a run starts, so this value is still unknown; give optimizer.lr as a "
            "number to see it"
        )
    return float(fraction * peak)


def register() -> None:
    """Registers the resolvers with OmegaConf."""
    resolvers: dict[str, Callable[..., Any]] = {
        "ticks": ticks,
        "decay": decay,
        "rate": rate,
        "first_cycle": first_cycle,
        "memory": memory,
        "ramp": ramp,
        "lr": peak_fraction,
        "run_path": run_path,
        "keys_outside_label": keys_outside_label,
        "group_help": group_help,
    }
    for name, resolver in resolvers.items():
        OmegaConf.register_new_resolver(name, resolver, replace=True)
    # Cached: Hydra resolves the sweep's folder again in every job, where the overrides are the job's.
    OmegaConf.register_new_resolver("sweep_name", sweep_name, replace=True, use_cache=True)


def _known_ticks(root: DictConfig) -> int:
    """The run's length in ticks, from a config that may not have been checked yet."""
    interval = root.interval or root.scheduler.interval
    if interval == "second":
        if not root.seconds:
            raise UsageError(
                f"scheduler={root.scheduler.name} with interval=second spans the run, whose length is unknown; "
                "give it as seconds=60"
            )
        return math.ceil(float(root.seconds))
    if interval == "epoch" and root.seconds:
        raise UsageError(
            f"scheduler={root.scheduler.name} counts epochs, and a run of {root.seconds:g} seconds has an unknown "
            "number of them; give its spans as numbers (scheduler.patience=2)"
        )
    return int(root.epochs) if interval == "epoch" else _known_updates(root)


def _known_updates(root: DictConfig) -> int:
    return int(root.epochs) * updates_per_epoch(
        root.data.num_train - root.data.num_val, root.batch_size, root.trainer.accumulate_batches
    )
