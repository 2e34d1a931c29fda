"""Checkpoints of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from src import layout
from src.config.identity import config_hash
from src.errors import UsageError
from src.files import replacing
from src.training.callbacks import Callback
from src.training.metrics import EpochResult, Outcome
from src.training.trainer import Trainer

VERSION = 3


class Checkpoint(Callback):
    """Saves the run after every epoch, and when it is interrupted within one."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / layout.CHECKPOINT

    def on_epoch_end(self, trainer: Trainer, result: EpochResult) -> None:
        self._save(trainer)

    def on_run_end(self, trainer: Trainer, outcome: Outcome) -> None:
        if outcome.status == "interrupted":
            self._save(trainer)

    def _save(self, trainer: Trainer) -> None:
        state = {"version": VERSION, "config_hash": config_hash(trainer.config), "trainer": trainer.state_dict()}
        with replacing(self._path) as file:
            torch.save(state, file)


def resume(trainer: Trainer, folder: Path) -> bool:
    """Restores the trainer from the folder's checkpoint; False if there is none.

    Raises:
        UsageError: the checkpoint is damaged or belongs to another version, another run or another kind of device.
    """
    path = folder / layout.CHECKPOINT
    if not path.exists():
        return False
    state = _read(path)
    digest, computed_with = config_hash(trainer.config), state["trainer"]["computed_with"]
    if state["config_hash"] != digest:
        raise UsageError(f"{path} belongs to another run (config hash {state['config_hash']}, this one has {digest})")
    if computed_with != trainer.computed_with:
        raise UsageError(
            f"{path} was computed with {computed_with}, this run uses {trainer.computed_with}, which gives other "
            "numbers: resume it there (trainer.device, trainer.precision), or move the folder away to start over"
        )
    trainer.load_state_dict(state["trainer"])
    return True


def _read(path: Path) -> dict[str, Any]:
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        version = state["version"]
    except Exception as error:  # torch.load raises whatever the damage causes
        raise UsageError(f"{path} is damaged ({type(error).__name__}); move it away to start over") from error
    if version != VERSION:
        raise UsageError(f"{path} has version {version}, this program reads {VERSION}; move it away to start over")
    return state
