"""The `${...}` functions of the config: spans of the run in ticks, fractions of the peak, folder names."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from omegaconf import DictConfig, OmegaConf

from src.errors import UsageError
from src.identity import MACHINE_KEYS, digest


def updates_per_epoch(train_size: int, batch_size: int, accumulate_batches: int) -> int:
    """Batches in an epoch, by groups of those that make one update."""
    return math.ceil(math.ceil(train_size / batch_size) / accumulate_batches)


def ticks(fraction: float, minimum: int = 1, *, _root_: DictConfig) -> int:
    """`${ticks:0.5}`: that fraction of the run in ticks of the schedule, at least `minimum`, an int.

    An int, because torch's float milestones never fire.
    """
    return max(minimum, round(fraction * _known_ticks(_root_)))


def decay(final: float, *, _root_: DictConfig) -> float:
    """`${decay:0.01}`: the factor a tick whose product over the run is `final`."""
    return float(final ** (1 / _known_ticks(_root_)))


def peak_fraction(fraction: float, *, _root_: DictConfig) -> float:
    """`${lr:0.1}`: that fraction of the peak learning rate."""
    return float(fraction * _root_.optimizer.lr)


def run_path(*, _root_: DictConfig) -> str:
    """`${run_path:}`: the run's folder below outputs/runs or a sweep's runs, every overridden key in it."""
    label = path_label(_root_.hydra.job.override_dirname)
    parts = [_root_.data.name, _root_.model.name, _root_.optimizer.name, _root_.scheduler.name, label]
    return "/".join([*map(path_label, parts), f"seed={_root_.seed}"])


def sweep_name(name: str | None, overrides: Sequence[str]) -> str:
    """`${sweep_name:...}`: `name`, or one that the same command finds again."""
    if name:
        return str(name)
    telling = sorted(line for line in overrides if line.split("=")[0].lstrip("+~") not in MACHINE_KEYS)
    return f"multirun-{digest(telling)[:8]}"


def path_label(text: str) -> str:
    """A folder name for any text: no separators, no quotes, short enough for every file system."""
    label = re.sub(r"[^\w.,=+~@-]", "_", text) or "default"
    return label if len(label) <= 120 else f"{label[:100]}-{digest(text)[:12]}"


def _known_ticks(root: DictConfig) -> int:
    """The run's length in ticks, from a config that may not have been checked yet."""
    interval = root.interval or root.scheduler.interval
    if interval == "second":
        if not root.seconds:
            raise UsageError(
                f"scheduler={root.scheduler.name} with interval=second spans the run, whose length is not known; "
                "give it as seconds=60"
            )
        return math.ceil(float(root.seconds))
    if interval == "epoch":
        return int(root.epochs)
    return int(root.epochs) * updates_per_epoch(
        root.data.num_train - root.data.num_val, root.batch_size, root.trainer.accumulate_batches
    )


def register() -> None:
    """Makes the resolvers known to OmegaConf."""
    plain: dict[str, Callable[..., Any]] = {"ticks": ticks, "decay": decay, "lr": peak_fraction, "run_path": run_path}
    for name, resolver in plain.items():
        OmegaConf.register_new_resolver(name, resolver, replace=True)
    # Cached, because Hydra resolves a sweep's folder again in every job, whose overrides are not the sweep's.
    OmegaConf.register_new_resolver("sweep_name", sweep_name, replace=True, use_cache=True)
