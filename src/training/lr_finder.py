"""The learning-rate range test: one update at each of many growing rates, until the loss blows up.

Source: Smith, arXiv 1506.01186. The suggestions, both on the smoothed loss over log lr, go by the names of
fastai's; its `valley` would begin in the level stretch of rates too small to matter.
"""

from __future__ import annotations

import bisect
import copy
import csv
import io
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from src.errors import UsageError
from src.signals import Stop, StoppedError
from src.training.trainer import Trainer

MIN_LR, MAX_LR, NUM_UPDATES = 1e-6, 10.0, 400
SUGGESTIONS = ("valley", "steepest")
_MEMORY = 0.9  # of the smoothed loss, an update
_LEVEL = 0.05  # of a descent: what it falls by before it counts
_BLOWN_UP = 4.0  # times the best smoothed loss
_NOISE = 0.05  # of the first loss: a smaller fall may be that of one batch to another


@dataclass(frozen=True)
class RangeTest:
    """The loss that came with each learning rate, before its update, and the same smoothed."""

    lrs: list[float]
    losses: list[float]
    smoothed: list[float]

    @property
    def valley(self) -> float:
        """Half way, in log lr, down the longest descent, without the level stretch before it, which falls by noise."""
        descent = _longest_descent(self.smoothed)
        top, bottom = self.smoothed[descent[0]], self.smoothed[descent[-1]]
        edge = next(index for index in descent if self.smoothed[index] <= top - _LEVEL * (top - bottom))
        return math.sqrt(self.lrs[edge] * self.lrs[descent[-1]])

    @property
    def steepest(self) -> float:
        """Where the loss falls fastest over log lr, on the way to its minimum."""
        lowest = int(np.argmin(self.smoothed))
        slope = np.gradient(self.smoothed, np.log(self.lrs))
        return self.lrs[int(np.argmin(slope[: lowest + 1]))]

    def suggestion(self, kind: str = "valley") -> float:
        """`valley` or `steepest`, to two digits: the test knows no more."""
        return float(f"{getattr(self, kind):.2g}")

    def to_csv(self) -> str:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["lr", "loss", "smoothed"])
        writer.writerows(zip(self.lrs, self.losses, self.smoothed, strict=True))
        return text.getvalue()

    @classmethod
    def read_csv(cls, path: Path) -> RangeTest:
        with open(path, newline="") as file:
            columns = list(zip(*list(csv.reader(file))[1:], strict=True))
        return cls(*([float(value) for value in column] for column in columns))


def range_test(update: Callable[[float], float], lrs: Sequence[float], stop: Stop | None = None) -> RangeTest:
    """Tries growing rates until the loss is not finite or its smoothed curve is four times its best.

    Args:
        update: Makes one update at a learning rate; returns the loss before it.
        lrs: Growing, evenly spaced in their logarithm.
        stop: Looked at before every update.

    Raises:
        UsageError: no rate lowers the loss.
        StoppedError: a stop was asked for.
    """
    test = RangeTest([], [], [])
    average = 0.0
    for number, lr in enumerate(lrs, 1):
        if stop is not None and stop.is_requested:
            raise StoppedError
        loss = update(lr)
        average = _MEMORY * average + (1 - _MEMORY) * loss
        smoothed = average / (1 - _MEMORY**number)  # as if there had been losses before the first
        if not math.isfinite(smoothed) or (test.smoothed and smoothed > _BLOWN_UP * min(test.smoothed)):
            break
        test.lrs.append(lr)
        test.losses.append(loss)
        test.smoothed.append(smoothed)
    if len(test.lrs) < 2 or min(test.smoothed) > (1 - _NOISE) * test.smoothed[0]:
        raise UsageError(
            f"no learning rate from {lrs[0]:g} to {lrs[-1]:g} lowers the loss by more than {_NOISE:.0%}, so none is "
            "suggested; give optimizer.lr as a number (scripts/lr_find.py can try others: min_lr, max_lr)"
        )
    return test


def rates(min_lr: float = MIN_LR, max_lr: float = MAX_LR, num_updates: int = NUM_UPDATES) -> list[float]:
    """Learning rates that grow by the same factor each time.

    Raises:
        UsageError: they would not grow, or are too few to see a curve.
    """
    if not 0 < min_lr < max_lr < math.inf:
        raise UsageError(f"min_lr={min_lr:g} max_lr={max_lr:g}: give 0 < min_lr < max_lr")
    if num_updates < 20:
        raise UsageError(f"num_updates={num_updates}: give 20 or more")
    return [float(lr) for lr in np.geomspace(min_lr, max_lr, num_updates)]


def range_test_of(trainer: Trainer, lrs: Sequence[float], stop: Stop | None = None) -> RangeTest:
    """The range test on a trainer's own updates; all that a checkpoint holds is afterwards as it was.

    The trainer's schedule must be constant and without warmup: the test sets the learning rate itself.
    """
    before = copy.deepcopy(trainer.state_dict())
    batches = _batches(trainer)

    def update(lr: float) -> float:
        for group in trainer.optimizer.param_groups:
            group["lr"] = lr
        trainer.train_step(next(batches))
        return trainer.losses[-1].item()

    try:
        trainer.set_training(True)
        return range_test(update, lrs, stop)
    finally:
        trainer.load_state_dict(before)


def _batches(trainer: Trainer) -> Iterator[Tensor]:
    config = trainer.config
    for epoch in itertools.count():
        order = trainer.data.train_order(config.seed, epoch)
        yield from torch.split(order, config.batch_size * config.trainer.accumulate_batches)


def _longest_descent(values: Sequence[float]) -> list[int]:
    """Indices of the longest falling subsequence, by patience sorting."""
    tops: list[float] = []  # of each pile, negated so that they ascend
    top_indices: list[int] = []
    below: list[int | None] = []
    for index, value in enumerate(values):
        pile = bisect.bisect_left(tops, -value)
        tops[pile : pile + 1], top_indices[pile : pile + 1] = [-value], [index]
        below.append(top_indices[pile - 1] if pile else None)
    descent: list[int] = []
    link: int | None = top_indices[-1] if top_indices else None
    while link is not None:
        descent.append(link)
        link = below[link]
    return descent[::-1]
