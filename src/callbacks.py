"""What may watch a run. Subclass `Callback`, override what is needed, and name the class in the config:

`python -m src.train +callbacks.mine._target_=my.module.Mine`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from src.results import EpochResult, Outcome
    from src.trainer import Trainer


class Callback:
    """Watches a run. Every hook is called with the trainer; none needs to be overridden."""

    def on_run_start(self, trainer: Trainer) -> None:
        """Before the first update, or after a resumed run has its state back."""

    def on_epoch_start(self, trainer: Trainer) -> None:
        """Before the first update of an epoch."""

    def on_step(self, trainer: Trainer) -> None:
        """After every update. `trainer.lrs` ends with its lr; reading its loss would wait for the device."""

    def on_epoch_end(self, trainer: Trainer, result: EpochResult) -> None:
        """After the validation that ends an epoch."""

    def on_run_end(self, trainer: Trainer, outcome: Outcome) -> None:
        """After the test, or where the run was interrupted, diverged or failed."""


class Callbacks:
    """Calls each hook of several callbacks, in order."""

    def __init__(self, callbacks: list[Callback]) -> None:
        self._all = callbacks
        # A hook nobody overrides costs the loop nothing.
        self._steppers = [each for each in callbacks if type(each).on_step is not Callback.on_step]

    def run_start(self, trainer: Trainer) -> None:
        for each in self._all:
            each.on_run_start(trainer)

    def epoch_start(self, trainer: Trainer) -> None:
        for each in self._all:
            each.on_epoch_start(trainer)

    def step(self, trainer: Trainer) -> None:
        for each in self._steppers:
            each.on_step(trainer)

    def epoch_end(self, trainer: Trainer, result: EpochResult) -> None:
        for each in self._all:
            each.on_epoch_end(trainer, result)

    def run_end(self, trainer: Trainer, outcome: Outcome) -> None:
        for each in self._all:
            each.on_run_end(trainer, outcome)
