"""What may watch a run. Subclass `Callback`, override what is needed, and name the class in the config:

`python -m src.train +callbacks.mine._target_=my.module.Mine`
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from src.config.instantiate import build, check_arguments, locate
from src.errors import UsageError

if TYPE_CHECKING:
    from src.config.schema import Config
    from src.training.metrics import EpochResult, Outcome
    from src.training.trainer import Trainer


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
        self.all = callbacks
        # A hook nobody overrides costs the loop nothing.
        self._steppers = [each for each in callbacks if type(each).on_step is not Callback.on_step]

    def run_start(self, trainer: Trainer) -> None:
        for each in self.all:
            each.on_run_start(trainer)

    def epoch_start(self, trainer: Trainer) -> None:
        for each in self.all:
            each.on_epoch_start(trainer)

    def step(self, trainer: Trainer) -> None:
        for each in self._steppers:
            each.on_step(trainer)

    def epoch_end(self, trainer: Trainer, result: EpochResult) -> None:
        for each in self.all:
            each.on_epoch_end(trainer, result)

    def run_end(self, trainer: Trainer, outcome: Outcome) -> None:
        """Tells every callback, also where one of them raises: a checkpoint or a file may hang on the others."""
        with ExitStack() as stack:
            for each in reversed(self.all):
                stack.callback(each.on_run_end, trainer, outcome)


def check_callbacks(config: Config) -> None:
    """Refuses what cannot be built, without building it: a constructor may open files.

    Raises:
        UsageError: a target is not there or is no callback, or its arguments do not fit.
    """
    for name, node in config.callbacks.items():
        _target(name, node)


def build_callbacks(config: Config) -> list[Callback]:
    """The callbacks that the user added."""
    return [
        build(f"callbacks.{name}", _target(name, node), **_arguments(node)) for name, node in config.callbacks.items()
    ]


def _target(name: str, node: Any) -> type[Callback]:
    group = f"callbacks.{name}"
    if not isinstance(node, dict) or "_target_" not in node:
        raise UsageError(f"{group}: names no class; give it as +{group}._target_=my.module.Mine")
    target = locate(group, node)
    if not (isinstance(target, type) and issubclass(target, Callback)):
        raise UsageError(f"{group}._target_={node['_target_']}: is no subclass of src.callbacks.Callback")
    check_arguments(group, target, _arguments(node), given=0)
    return target


def _arguments(node: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in node.items() if key != "_target_"}
