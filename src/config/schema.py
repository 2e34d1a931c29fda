"""The schema of a run's config. Imports nothing heavy, because `--help` waits for it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from src.config.resolvers import updates_per_epoch

GROUPS = ("model", "optimizer", "averaging", "scheduler")  # config groups whose choices name a class or a function
INTERVALS = ("step", "epoch", "second")
PRECISIONS = ("auto", "fp32", "bf16", "fp16")


@dataclass
class DataConfig:
    """A data set. Its sizes are part of the config, so that schedules know the run's length before a file is opened.

    Keys with a default may be missing in a data set of one's own.
    """

    name: str
    num_train: int
    num_val: int
    num_test: int
    num_classes: int
    archives: dict[str, Any]
    source: str = ""
    mean: float | None = None
    std: float | None = None
    thresholds: list[float] = field(default_factory=list)
    equivalence_margin: float = 0.002
    folder: str | None = None
    root: str | None = None
    mirror: str | None = None
    fallback: str | None = None
    requested: str | None = None
    mirrors: list[str] = field(default_factory=list)

    @property
    def train_size(self) -> int:
        """Number of training examples: the official training set without the validation set."""
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
    """One run. Groups that name a `_target_` accept any key: their parameters are those of the target.

    `lr_requested` is "auto" if a range test found `optimizer.lr`. `lockstep` is "auto" or a number;
    only sweeps read it.
    """

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
    stop_hopeless: bool = False
    lockstep: str = "1"
    callbacks: dict[str, Any] = field(default_factory=dict)
    name: str | None = None
    lr_requested: str | None = None

    @property
    def tick_interval(self) -> str:
        """The unit the schedule counts in: step, epoch or second."""
        return self.interval or str(self.scheduler.get("interval"))

    @property
    def update_size(self) -> int:
        """Number of examples in an update; the last update of an epoch may have fewer."""
        return self.batch_size * self.trainer.accumulate_batches

    @property
    def updates_per_epoch(self) -> int:
        return updates_per_epoch(self.data.train_size, self.batch_size, self.trainer.accumulate_batches)

    @property
    def total_steps(self) -> int | None:
        """Number of updates in the run; None if its length is a time."""
        return None if self.seconds else self.epochs * self.updates_per_epoch

    @property
    def total_ticks(self) -> int | None:
        """Number of schedule ticks in the run; None if it is not known in advance."""
        by_interval = {
            "step": self.total_steps,
            "epoch": None if self.seconds else self.epochs,
            "second": math.ceil(self.seconds) if self.seconds else None,
        }
        return by_interval[self.tick_interval]
