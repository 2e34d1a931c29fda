"""Callbacks that several tests of training share."""

from __future__ import annotations

from collections.abc import Callable

from src.training.callbacks import Callback
from src.training.trainer import Trainer


class StopAfter(Callback):
    """Requests a stop after a number of updates, as a signal does."""

    def __init__(self, updates: int) -> None:
        self.updates = updates

    def on_step(self, trainer: Trainer) -> None:
        if trainer.progress.step == self.updates:
            trainer.stop.request()


class CallAfter(Callback):
    """Calls something after a number of updates."""

    def __init__(self, updates: int, action: Callable[[], object]) -> None:
        self.updates, self.action = updates, action

    def on_step(self, trainer: Trainer) -> None:
        if trainer.progress.step == self.updates:
            self.action()
