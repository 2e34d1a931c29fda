"""The numbers of a run: its metrics, its epochs, where it stands, how it ended."""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Metrics:
    """Mean cross-entropy and fraction of correct predictions over a split."""

    loss: float
    accuracy: float


@dataclass(frozen=True)
class EpochResult:
    """A row of the history: where the run stands after an epoch. `lr` is that of the epoch's last update."""

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
        """What a schedule may monitor."""
        return {name: getattr(self, name) for name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy")}


@dataclass
class Progress:
    """The counters of a run: with the states of model, optimizer and schedule, all that a resumed run needs."""

    epoch: int = 0  # finished epochs
    updates: int = 0  # updates tried in the current epoch
    step: int = 0  # updates that happened in the run: what a schedule counts
    skipped_updates: int = 0  # updates that the fp16 scaler left out
    train_seconds: float = 0.0  # on the training clock: no evaluation, no logging
    wall_seconds: float = 0.0
    history: list[EpochResult] = field(default_factory=list)


@dataclass(frozen=True)
class AveragedMetrics:
    """What the average of the weights does on two splits."""

    val: Metrics
    test: Metrics


@dataclass(frozen=True)
class Outcome:
    """How a run ended: completed, diverged, interrupted or failed. Only a completed run has been tested."""

    status: str
    test: Metrics | None
    averaged: AveragedMetrics | None = None
