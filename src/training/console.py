"""Console progress of a run."""

from __future__ import annotations

import logging
from typing import Any

from src.losses import format_loss
from src.training.callbacks import Callback
from src.training.metrics import EpochResult, Outcome
from src.training.trainer import Trainer

log = logging.getLogger(__name__)

_HEADER = f"{'epoch':>7} {'lr':>10} {'train loss':>10} {'train acc':>9} {'val loss':>9} {'val acc':>8} {'seconds':>8}"


class EpochLines(Callback):
    """Logs one line per epoch."""

    def on_run_start(self, trainer: Trainer) -> None:
        log.info(_HEADER)
        for result in trainer.progress.history:
            log.info(_line(trainer, result))

    def on_epoch_end(self, trainer: Trainer, result: EpochResult) -> None:
        log.info(_line(trainer, result))


class ProgressBar(EpochLines):
    """One line per epoch, and a progress bar below them; for a terminal."""

    def on_run_start(self, trainer: Trainer) -> None:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        super().on_run_start(trainer)
        total = trainer.config.total_steps
        counter: list[Any] = [MofNCompleteColumn(), TextColumn("updates")] if total else [TimeElapsedColumn()]
        self._bar = Progress(
            TextColumn("epoch {task.fields[epoch]}"), BarColumn(), *counter, TimeRemainingColumn(), transient=True
        )
        self._total = total or trainer.config.seconds
        self._task = self._bar.add_task("", total=self._total, epoch=trainer.progress.epoch + 1)
        self._bar.start()
        self._bar.console.show_cursor(True)  # which rich hides: a process that is killed could not show it again

    def on_epoch_start(self, trainer: Trainer) -> None:
        self._show(trainer)

    def on_step(self, trainer: Trainer) -> None:
        if trainer.progress.updates % 10 == 0:
            self._show(trainer)

    def on_run_end(self, trainer: Trainer, outcome: Outcome) -> None:
        self._bar.stop()

    def _show(self, trainer: Trainer) -> None:
        progress = trainer.progress
        completed = progress.step if trainer.config.total_steps else progress.train_seconds
        self._bar.update(self._task, completed=completed, epoch=progress.epoch + 1)


def _line(trainer: Trainer, result: EpochResult) -> str:
    previous = trainer.progress.history[result.epoch - 2].train_seconds if result.epoch > 1 else 0.0
    epoch = f"{result.epoch}" if trainer.config.seconds else f"{result.epoch}/{trainer.config.epochs}"
    return (
        f"{epoch:>7} {result.lr:>10.4g} {format_loss(result.train_loss):>10} {result.train_accuracy:>9.2%} "
        f"{format_loss(result.val_loss):>9} {result.val_accuracy:>8.2%} {result.train_seconds - previous:>8.1f}"
    )
