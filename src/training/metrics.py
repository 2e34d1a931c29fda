"""Metrics of a run: per split, per epoch, and at its end; and the counters that say how far it is."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from src.schedules.driver import METRICS


@dataclass(frozen=True)
class Metrics:
    """Mean cross-entropy and fraction of correct predictions over a split."""

    loss: float
    accuracy: float

    @property
    def is_finite(self) -> bool:
        return math.isfinite(self.loss)


@dataclass(frozen=True)
class EpochResult:
    """One row of the history, after an epoch. `lr` is that of the epoch's last update."""

    epoch: int
    step: int
    lr: float
    train_loss: float
    train_accuracy: float
    val_loss: float
    val_accuracy: float
    train_seconds: float

    @property
    def is_finite(self) -> bool:
        return math.isfinite(self.train_loss) and math.isfinite(self.val_loss)

    @property
    def metrics(self) -> dict[str, float]:
        """The metrics a schedule may monitor."""
        return {name: getattr(self, name) for name in METRICS}


@dataclass
class Progress:
    """The counters of a run. With the states of model, optimizer and schedule they are all that resuming needs."""

    epoch: int = 0  # completed epochs
    updates: int = 0  # attempted updates in the current epoch
    step: int = 0  # successful updates in the run; schedules count these
    skipped_updates: int = 0  # updates that the fp16 scaler skipped
    train_seconds: float = 0.0  # training clock: excludes evaluation and logging
    wall_seconds: float = 0.0
    history: list[EpochResult] = field(default_factory=list)


@dataclass(frozen=True)
class AveragedMetrics:
    """Metrics of the averaged weights; without `test` if the run does not read the test set."""

    val: Metrics
    test: Metrics | None

    @property
    def by_split(self) -> dict[str, Metrics]:
        return {"val": self.val} if self.test is None else {"test": self.test, "val": self.val}


@dataclass(frozen=True)
class Outcome:
    """How a run ended: completed, diverged, hopeless, interrupted or failed. Only a completed run is tested."""

    status: str
    test: Metrics | None
    averaged: AveragedMetrics | None = None
