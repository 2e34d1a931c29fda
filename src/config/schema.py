"""The schema of a run: one dataclass per config group, and what follows from its values."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Any

from src.config.resolvers import AUTO, updates_per_epoch

GROUPS = ("model", "optimizer", "averaging", "scheduler")  # whose choices are classes or functions
INTERVALS = ("step", "epoch", "second")
PRECISIONS = ("auto", "fp32", "bf16", "fp16")


@dataclass
class DataConfig:
    """A data set; sizes are stated so that schedules know the run's length before any file is opened."""

    name: str
    source: str
    archives: dict[str, Any]
    num_train: int
    num_val: int
    num_test: int
    num_classes: int
    mean: float
    std: float
    thresholds: list[float]
    equivalence_margin: float
    root: str | None
    mirror: str | None
    fallback: str | None
    requested: str | None

    @property
    def train_size(self) -> int:
        """Examples that are trained on: the official training set less the validation set."""
        return self.num_train - self.num_val


@dataclass
class TrainerConfig:
    device: str
    precision: str
    accumulate_batches: int
    clip_grad_norm: float | None
    label_smoothing: float
    channels_last: bool
    fused: bool
    eval_batch_size: int
    num_threads: int | None
    deterministic: bool


@dataclass
class Config:
    """One run. The groups that name a `_target_` stay open: their parameters are those of the target."""

    data: DataConfig
    model: dict[str, Any]
    optimizer: dict[str, Any]
    averaging: dict[str, Any]
    scheduler: dict[str, Any]
    trainer: TrainerConfig
    seed: int
    epochs: int
    seconds: float | None
    batch_size: int
    warmup: float
    interval: str | None
    read_test: bool = True
    callbacks: dict[str, Any] = field(default_factory=dict)
    name: str | None = None

    @property
    def tick_interval(self) -> str:
        """What a tick of the schedule is."""
        return self.interval or str(self.scheduler.get("interval"))

    @property
    def updates_per_epoch(self) -> int:
        return updates_per_epoch(self.data.train_size, self.batch_size, self.trainer.accumulate_batches)

    @property
    def total_steps(self) -> int | None:
        """Updates in the run; None where its length is a time."""
        return None if self.seconds else self.epochs * self.updates_per_epoch

    @property
    def total_ticks(self) -> int | None:
        """Ticks of the schedule in the run; None where nothing bounds them."""
        by_interval = {
            "step": self.total_steps,
            "epoch": None if self.seconds else self.epochs,
            "second": math.ceil(self.seconds) if self.seconds else None,
        }
        return by_interval[self.tick_interval]


@dataclass(kw_only=True)
class FoundConfig(Config):
    """A config whose peak learning rate was found (`optimizer.lr=auto`), and the one that asked for it."""

    asked: Config


def at_lr(config: Config, lr: float) -> FoundConfig:
    """`config` with its `optimizer.lr=auto`, and every fraction of it, made numbers."""

    def settled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: settled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [settled(item) for item in value]
        if isinstance(value, str) and value.startswith(f"{AUTO}*"):
            return lr * float(value.removeprefix(f"{AUTO}*"))
        return value

    values = {each.name: getattr(config, each.name) for each in fields(config)}
    values |= {group: settled(values[group]) for group in (*GROUPS, "callbacks")}
    values["optimizer"]["lr"] = lr
    return FoundConfig(**values, asked=config)


def at_some_lr(config: Config) -> Config:
    """`config` itself or, where its peak learning rate is still to be found, at 1."""
    return at_lr(config, 1.0) if config.optimizer["lr"] == AUTO else config
