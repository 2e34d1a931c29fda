"""The learning-rate range test: one update at each of many growing rates, until the loss blows up.

Source: Smith, arXiv 1506.01186. Both suggestions are computed on the smoothed loss over log lr and have fastai's names;
fastai's own `valley` would include the flat stretch of rates too small to matter.
"""

from __future__ import annotations

import bisect
import copy
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from src.csv_files import CsvError, csv_text, read_numbers
from src.errors import UsageError
from src.training.trainer import Trainer

MIN_LR, MAX_LR, NUM_UPDATES = 1e-6, 10.0, 400
MIN_UPDATES, MAX_UPDATES = 20, 100_000
SUGGESTIONS = ("valley", "steepest")
_COLUMNS = ("lr", "loss", "smoothed")
_SMOOTHING = 0.9  # weight of the past in the smoothed loss
_FLAT_PART = 0.05  # fraction of a descent that the flat stretch before it may fall
_BLOWN_UP = 4.0  # multiple of the best smoothed loss
_NOISE = 0.05  # fraction of the first loss: a smaller fall may be the difference between two batches


@dataclass(frozen=True)
class RangeTest:
    """Learning rates, the loss before the update at each, and the same losses smoothed."""

    lrs: list[float]
    losses: list[float]
    smoothed: list[float]

    @property
    def valley(self) -> float:
        """Midpoint, in log lr, of the longest descent.

        The flat stretch before it does not count: there only noise lowers the loss.
        """
        descent = _longest_descent(self.smoothed)
        top, bottom = self.smoothed[descent[0]], self.smoothed[descent[-1]]
        edge = next(index for index in descent if self.smoothed[index] <= top - _FLAT_PART * (top - bottom))
        return math.sqrt(self.lrs[edge] * self.lrs[descent[-1]])

    @property
    def steepest(self) -> float:
        """Where the loss falls fastest over log lr, before its minimum."""
        lowest = int(np.argmin(self.smoothed))
        slope = np.gradient(self.smoothed, np.log(self.lrs))
        return self.lrs[int(np.argmin(slope[: lowest + 1]))]

    @property
    def lowest(self) -> float:
        """The rate with the lowest smoothed loss: beyond it, the loss grows."""
        return float(f"{self.lrs[int(np.argmin(self.smoothed))]:.2g}")

    def suggestion(self, kind: str = "valley") -> float:
        """`valley` or `steepest`, rounded to the two digits that the test can resolve."""
        return float(f"{getattr(self, kind):.2g}")

    def to_csv(self) -> str:
        return csv_text([_COLUMNS, *zip(self.lrs, self.losses, self.smoothed, strict=True)])

    @classmethod
    def read_csv(cls, path: Path) -> RangeTest:
        """The range test in a file that `to_csv` wrote.

        Raises:
            UsageError: the file is something else.
        """
        test = cls(*read_numbers(path, _COLUMNS).values())
        if len(test.lrs) < 2:
            raise CsvError(f"{path}: has fewer than two learning rates")
        previous = 0.0
        for line, values in enumerate(zip(test.lrs, test.losses, test.smoothed, strict=True), 2):
            if not (values[0] > previous and all(map(math.isfinite, values))):
                row = ", ".join(f"{value:g}" for value in values)
                raise CsvError(f"{path} line {line}: {row}: rates must be positive and grow, all numbers finite")
            previous = values[0]
        return test


def range_test(update: Callable[[float], float], lrs: Sequence[float]) -> RangeTest:
    """Tries growing rates until the loss is not finite or its smoothed curve reaches four times its best.

    Args:
        update: Performs one update at a learning rate; returns the loss before it.
        lrs: Growing, evenly spaced in log lr.

    Raises:
        UsageError: no learning rate lowers the loss.
    """
    test = RangeTest([], [], [])
    average = 0.0
    for number, lr in enumerate(lrs, 1):
        loss = update(lr)
        average = _SMOOTHING * average + (1 - _SMOOTHING) * loss
        smoothed = average / (1 - _SMOOTHING**number)  # bias correction
        if not math.isfinite(smoothed) or (test.smoothed and smoothed > _BLOWN_UP * min(test.smoothed)):
            break
        test.lrs.append(lr)
        test.losses.append(loss)
        test.smoothed.append(smoothed)
    if len(test.lrs) < 2 or min(test.smoothed) > (1 - _NOISE) * test.smoothed[0]:
        raise UsageError(
            f"no learning rate from {lrs[0]:g} to {lrs[-1]:g} lowers the loss by more than {_NOISE:.0%}, so there is "
            "no suggestion; give optimizer.lr as a number (scripts/lr_find.py can try others: min_lr, max_lr)"
        )
    return test


def rates(min_lr: float = MIN_LR, max_lr: float = MAX_LR, num_updates: int = NUM_UPDATES) -> list[float]:
    """Learning rates that grow by a constant factor.

    Raises:
        UsageError: they would not grow, or are too few to show a curve.
    """
    if not 0 < min_lr < max_lr < math.inf:
        raise UsageError(f"min_lr={min_lr:g} max_lr={max_lr:g}: must be finite, with 0 < min_lr < max_lr")
    if not MIN_UPDATES <= num_updates <= MAX_UPDATES:
        raise UsageError(f"num_updates={num_updates}: must be at least {MIN_UPDATES} and at most {MAX_UPDATES}")
    return [float(lr) for lr in np.geomspace(min_lr, max_lr, num_updates)]


def run_range_test(trainer: Trainer, lrs: Sequence[float]) -> RangeTest:
    """The range test on a trainer's own updates. Afterwards everything that a checkpoint holds is restored.

    The trainer's schedule must be constant and without warmup: the test sets the learning rate itself.
    """
    state = copy.deepcopy(trainer.state_dict())
    batches = _batches(trainer)

    def update(lr: float) -> float:
        for group in trainer.optimizer.param_groups:
            group["lr"] = lr
        return trainer.train_step(next(batches)).item()

    try:
        trainer.set_training(True)
        return range_test(update, lrs)
    finally:
        trainer.load_state_dict(state)


def _batches(trainer: Trainer) -> Iterator[Tensor]:
    config = trainer.config
    for epoch in itertools.count():
        order = trainer.data.train_order(config.seed, epoch)
        yield from torch.split(order, config.update_size)


def _longest_descent(values: Sequence[float]) -> list[int]:
    """Indices of the longest decreasing subsequence, by patience sorting.

    Each value goes on the first pile whose top is not larger. The number of that pile is the length of the longest
    descent that ends in the value; the descent continues at the value that was then on top of the pile before.
    """
    negated_tops: list[float] = []  # negated so that they ascend, as `bisect` expects
    top_indices: list[int] = []
    predecessors: list[int | None] = []
    for index, value in enumerate(values):
        pile = bisect.bisect_left(negated_tops, -value)
        negated_tops[pile : pile + 1], top_indices[pile : pile + 1] = [-value], [index]
        predecessors.append(top_indices[pile - 1] if pile else None)
    descent: list[int] = []
    current: int | None = top_indices[-1] if top_indices else None
    while current is not None:
        descent.append(current)
        current = predecessors[current]
    return descent[::-1]
