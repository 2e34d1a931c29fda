"""Callback hooks. Subclass `Callback`, override the hooks you need, and name the class in the config:

`python -m src.train +callbacks.mine._target_=my.module.Mine`
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from src.config.instantiate import build, check_arguments, locate
from src.errors import UsageError

if TYPE_CHECKING:
    from src.config.schema import Config
    from src.training.metrics import EpochResult, Outcome
    from src.training.trainer import Trainer


class Callback:
    """Hooks into a run. Each receives the trainer; none is required."""

    @classmethod
    def check_available(cls) -> None:
        """Raises a UsageError if the callback cannot work here, before a run or a sweep starts."""

    def on_run_start(self, trainer: Trainer) -> None:
        """Before the first update, or after a resumed run has been restored."""

    def on_epoch_start(self, trainer: Trainer) -> None:
        """Before the first update of an epoch."""

    def on_step(self, trainer: Trainer) -> None:
        """After every update. Its learning rate is `trainer.lrs[-1]`; reading its loss would wait for the device."""

    def on_epoch_end(self, trainer: Trainer, result: EpochResult) -> None:
        """After the validation at the end of an epoch.

        `trainer.stop.request()` interrupts the run after its next update; after the last epoch it has no effect.
        """

    def on_run_end(self, trainer: Trainer, outcome: Outcome) -> None:
        """After the test, or when the run was interrupted or failed, diverged or was hopeless."""


class Callbacks:
    """Calls each hook of several callbacks, in order."""

    def __init__(self, callbacks: Sequence[Callback]) -> None:
        self._callbacks: list[Callback] = []
        self._steppers: list[Callback] = []  # a hook that nobody overrides costs the loop nothing
        for callback in callbacks:
            self.add(callback)

    def add(self, callback: Callback) -> None:
        self._callbacks.append(callback)
        if type(callback).on_step is not Callback.on_step:
            self._steppers.append(callback)

    @property
    def watch_steps(self) -> bool:
        """Whether any callback has a hook after every update."""
        return bool(self._steppers)

    def run_start(self, trainer: Trainer) -> None:
        for callback in self._callbacks:
            callback.on_run_start(trainer)

    def epoch_start(self, trainer: Trainer) -> None:
        for callback in self._callbacks:
            callback.on_epoch_start(trainer)

    def step(self, trainer: Trainer) -> None:
        for callback in self._steppers:
            callback.on_step(trainer)

    def epoch_end(self, trainer: Trainer, result: EpochResult) -> None:
        for callback in self._callbacks:
            callback.on_epoch_end(trainer, result)

    def run_end(self, trainer: Trainer, outcome: Outcome) -> None:
        """Calls every callback even if one raises: the others may still have files to close or a checkpoint to save."""
        with ExitStack() as stack:
            for callback in reversed(self._callbacks):
                stack.callback(callback.on_run_end, trainer, outcome)


def check_callbacks(config: Config) -> None:
    """Checks targets and arguments without building anything: a constructor may open files.

    Raises:
        UsageError: a target does not exist or is not a callback, or its arguments do not fit.
    """
    for name, node in config.callbacks.items():
        _target(name, node)


def build_callbacks(config: Config) -> list[Callback]:
    """The user's callbacks."""
    return [
        build(f"callbacks.{name}", _target(name, node), **_arguments(node)) for name, node in config.callbacks.items()
    ]


def _target(name: str, node: Any) -> type[Callback]:
    group = f"callbacks.{name}"
    if not isinstance(node, dict) or "_target_" not in node:
        raise UsageError(f"{group} names no class; add +{group}._target_=my.module.Mine")
    target = locate(group, node)
    if not (isinstance(target, type) and issubclass(target, Callback)):
        raise UsageError(f"{group}._target_={node['_target_']}: is not a subclass of src.callbacks.Callback")
    check_arguments(group, target, _arguments(node), num_positional=0)
    target.check_available()
    return target


def _arguments(node: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in node.items() if key != "_target_"}
