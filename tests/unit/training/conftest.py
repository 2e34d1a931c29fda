"""Callbacks that several tests of training share."""

from __future__ import annotations

from collections.abc import Callable

from src.training.callbacks import Callback
from src.training.trainer import Trainer


class CallAfter(Callback):
    """Calls something with the trainer after a number of updates."""

    def __init__(self, updates: int, action: Callable[[Trainer], object]) -> None:
        self.updates, self.action = updates, action

    def on_step(self, trainer: Trainer) -> None:
        if trainer.progress.step == self.updates:
            self.action(trainer)


class StopAfter(CallAfter):
    """Requests a stop after a number of updates, as a signal does."""

    def __init__(self, updates: int) -> None:
        super().__init__(updates, lambda trainer: trainer.stop.request())
