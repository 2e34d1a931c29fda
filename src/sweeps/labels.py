"""Names of runs on the terminal: schedule, peak learning rate, seed, and whatever else varies between the runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from src.config.schema import Config

Task = tuple[str, str, str, str, str]  # data set, model, optimizer, length, batch size
TASK_KEYS = {"data", "model", "optimizer", "epochs", "seconds", "batch_size"}  # what a `Task` says
_IN_EVERY_LABEL = {"scheduler", "optimizer.lr", "lr_requested", "seed"}


def varied_keys(jobs: Iterable[Sequence[str]]) -> frozenset[str]:
    """Keys that not all jobs override with the same value, without those that every label has.

    Args:
        jobs: The overrides of each job.
    """
    lines: list[set[str]] = [set(overrides) for overrides in jobs]
    if not lines:
        return frozenset()
    varied = lines[0].union(*lines) - lines[0].intersection(*lines)
    return frozenset(map(_key, varied)) - _IN_EVERY_LABEL


def setting_label(config: Config, overrides: Iterable[str], varied: Collection[str]) -> str:
    """`cosine lr=0.03 model=cnn`: what runs that differ only in the seed have in common."""
    lr = config.optimizer["lr"]
    others = [line.lstrip("+") for line in overrides if _key(line) in varied]
    return " ".join([str(config.scheduler["name"]), f"lr={lr if isinstance(lr, str) else format(lr, 'g')}", *others])


def run_label(config: Config, overrides: Iterable[str], varied: Collection[str]) -> str:
    """`cosine lr=0.03 model=cnn seed=0`."""
    return f"{setting_label(config, overrides, varied)} seed={config.seed}"


def task_of(config: Config) -> Task:
    """`mnist`, `lenet`, `sgd`, `5 epochs`, `batch 128`."""
    length = f"{config.seconds:g} s" if config.seconds else f"{config.epochs} epoch{'s' * (config.epochs != 1)}"
    names = (config.data.name, str(config.model["name"]), str(config.optimizer["name"]))
    return (*names, length, f"batch {config.batch_size}")


def _key(override: str) -> str:
    return override.partition("=")[0].lstrip("+~")
