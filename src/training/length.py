"""How long a run trains, and how its training ends."""

from __future__ import annotations

from dataclasses import dataclass

from src.training.guessing import Guessing
from src.training.metrics import Progress


@dataclass(frozen=True)
class Length:
    """The length of a run: epochs, or `seconds` of training.

    It ends earlier if its loss is not finite or, with `guessing`, if it is no better than that after an epoch.
    """

    epochs: int
    seconds: float | None
    guessing: Guessing | None

    def fraction_done(self, progress: Progress) -> float:
        if self.seconds is not None:
            return min(1.0, progress.train_seconds / self.seconds)
        return progress.epoch / self.epochs

    def is_time_up(self, progress: Progress) -> bool:
        return self.seconds is not None and progress.train_seconds >= self.seconds

    def is_over(self, progress: Progress) -> bool:
        if self.status(progress) != "completed":
            return True
        if self.seconds is not None:
            return self.is_time_up(progress) and progress.updates == 0  # an epoch that was started is validated
        return progress.epoch >= self.epochs

    def status(self, progress: Progress) -> str:
        """How the training ends if it ends now: completed, diverged or hopeless."""
        if not progress.history:
            return "completed"
        last = progress.history[-1]
        if not last.is_finite:
            return "diverged"
        return "hopeless" if self.guessing is not None and self.guessing.is_as_good_as(last) else "completed"
