"""Checkpoints of a run.

A checkpoint is a file of torch.save followed by a SHA-256 digest of it, because a flipped bit in a weight would go
unnoticed. `torch.load` ignores the digest. The checkpoint before the last is kept while the run goes on.
"""

from __future__ import annotations

import hashlib
import io
import logging
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from src import layout
from src.config.identity import config_hash
from src.errors import UsageError
from src.files import replacing
from src.status import FINISHED
from src.training.callbacks import Callback
from src.training.metrics import EpochResult, Outcome
from src.training.trainer import Trainer

log = logging.getLogger(__name__)

VERSION = 4
_DIGEST_BYTES = len(b"sha256:\n") + 2 * hashlib.sha256().digest_size
_REMEDY = "move it away to start over"


class Checkpoint(Callback):
    """Saves the run after every epoch, and when it is interrupted within one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def on_epoch_end(self, trainer: Trainer, result: EpochResult) -> None:
        self._save(trainer)

    def on_run_end(self, trainer: Trainer, outcome: Outcome) -> None:
        if outcome.status == "interrupted":
            self._save(trainer)
        elif outcome.status in FINISHED:
            (self._folder / layout.PREVIOUS_CHECKPOINT).unlink(missing_ok=True)

    def _save(self, trainer: Trainer) -> None:
        state = {"version": VERSION, "config_hash": config_hash(trainer.config), "trainer": trainer.state_dict()}
        path = self._folder / layout.CHECKPOINT
        with replacing(path) as file:
            file.write(_to_bytes(state))
            file.flush()
            if path.exists():
                path.replace(self._folder / layout.PREVIOUS_CHECKPOINT)


class DamagedError(UsageError):
    """A checkpoint cannot be read, or its content is not what was written."""


Point = tuple[int, int]  # in a run: completed epochs, and updates of the one after them
START: Point = (0, 0)


def saved_points(folder: Path) -> list[Point]:
    """The points from which the run in a folder can go on; the start is one of them unless later ones replaced it.

    Raises:
        UsageError: no checkpoint can be read, although there are some.
    """
    states = _readable(folder)
    has_previous = (folder / layout.PREVIOUS_CHECKPOINT).exists()
    return [_point(state) for state in states.values()] + ([] if has_previous else [START])


def resume_at(trainer: Trainer, folder: Path, point: Point) -> None:
    """Restores the trainer at a point, and removes a later checkpoint: its updates are made again.

    Raises:
        UsageError: the checkpoint is of another version, another run or another kind of device.
    """
    for path, state in _readable(folder).items():
        if _point(state) == point:
            _check_owner(path, state, trainer)
            trainer.load_state_dict(state["trainer"])
            return
        path.unlink()


def _readable(folder: Path) -> dict[Path, dict[str, Any]]:
    """The checkpoints in a folder, latest first, without a damaged one if there is another."""
    paths = [folder / name for name in (layout.CHECKPOINT, layout.PREVIOUS_CHECKPOINT)]
    paths = [path for path in paths if path.exists()]
    if not paths:
        return {}
    first = _read_first(paths)
    paths = [path for path in paths if path.exists()]  # a damaged one was moved aside
    states = {paths[0]: first}
    for path in paths[1:]:
        with suppress(DamagedError):
            states[path] = _read(path)
    return states


def _point(state: dict[str, Any]) -> Point:
    progress = state["trainer"]["progress"]
    return progress["epoch"], progress["updates"]


def resume(trainer: Trainer, folder: Path) -> bool:
    """Restores the trainer from the folder's last checkpoint that is not damaged; False if there is none at all.

    Raises:
        UsageError: every checkpoint is damaged, or it is of another version, another run or another kind of device.
    """
    paths = [folder / name for name in (layout.CHECKPOINT, layout.PREVIOUS_CHECKPOINT)]
    paths = [path for path in paths if path.exists()]
    if not paths:
        return False
    state = _read_first(paths)
    _check_owner(paths[0], state, trainer)
    trainer.load_state_dict(state["trainer"])
    return True


def _read_first(paths: list[Path]) -> dict[str, Any]:
    """The content of the first checkpoint. A damaged one is moved aside if another can take its place."""
    first, *others = paths
    try:
        return _read(first)
    except DamagedError as error:
        if not others:
            raise
        state = _read_first(others)
        log.warning("%s; going on from the checkpoint before it", str(error).removesuffix(f"; {_REMEDY}"))
        first.replace(first.with_name(layout.DAMAGED_CHECKPOINT))  # or it would replace the good one
        return state


def _check_owner(path: Path, state: dict[str, Any], trainer: Trainer) -> None:
    digest, computed_with = config_hash(trainer.config), state["trainer"]["computed_with"]
    if state["config_hash"] != digest:
        raise UsageError(f"{path} belongs to another run (config hash {state['config_hash']}, this one has {digest})")
    if computed_with != trainer.computed_with:
        raise UsageError(
            f"{path} was computed with {computed_with}, this run uses {trainer.computed_with}, which gives other "
            "numbers: resume it there (trainer.device, trainer.precision), or move the folder away to start over"
        )


def _to_bytes(state: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    torch.save(_without_others(state), buffer)
    content = buffer.getvalue()
    return content + _digest(content)


def _without_others(value: Any) -> Any:
    """`value` with copies of the tensors that are views: torch.save would write all that they are views of.

    Runs in lockstep have views into the weights of all of them.
    """
    if isinstance(value, Tensor):
        return value.clone() if value.untyped_storage().nbytes() > value.nbytes else value
    if isinstance(value, dict):
        return {key: _without_others(item) for key, item in value.items()}
    return [_without_others(item) for item in value] if isinstance(value, list) else value


def _digest(content: bytes) -> bytes:
    return f"sha256:{hashlib.sha256(content).hexdigest()}\n".encode()


def _read(path: Path) -> dict[str, Any]:
    """The content of a checkpoint, nothing of which is used before its digest is found right.

    Raises:
        DamagedError: the digest is wrong or missing.
        UsageError: the file cannot be read, or has another version.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    content, digest = data[:-_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    if digest != _digest(content):
        _refuse_old_version(path)
        raise DamagedError(f"{path} is damaged: its content does not match its digest; {_REMEDY}")
    state: dict[str, Any] = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    _check_version(path, state)
    return state


def _refuse_old_version(path: Path) -> None:
    """Names the version of a checkpoint that an earlier program wrote, without a digest."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # torch.load raises whatever the damage causes
        return
    if isinstance(state, dict) and isinstance(state.get("version"), int):
        _check_version(path, state)


def _check_version(path: Path, state: dict[str, Any]) -> None:
    if state["version"] != VERSION:
        raise UsageError(f"{path} has version {state['version']}, this program reads {VERSION}; {_REMEDY}")
