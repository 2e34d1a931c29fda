"""Tracking of a run: history.csv, steps.csv and the TensorBoard event file."""

from __future__ import annotations

import logging
import os
import re
import socket
import time
from collections.abc import Mapping
from dataclasses import astuple, fields
from pathlib import Path
from typing import IO

import torch
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
from tensorboard.summary.writer.record_writer import RecordWriter
from torch.utils.tensorboard.summary import hparams

from src import layout
from src.csv_files import append_csv, is_number, write_csv
from src.files import set_aside
from src.status import FINISHED
from src.training.callbacks import Callback
from src.training.metrics import EpochResult, Outcome
from src.training.trainer import Trainer

log = logging.getLogger(__name__)

_HISTORY_COLUMNS = [field.name for field in fields(EpochResult)]
_STEPS_COLUMNS = ["step", "lr", "loss"]
_STEP = re.compile(r"[0-9]{1,18}")


class History(Callback):
    """`history.csv` with one row per epoch, and `steps.csv` with one row per attempted update."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._logged_updates = 0

    def on_run_start(self, trainer: Trainer) -> None:
        """Drops what a killed run wrote after its checkpoint, and restores what the checkpoint holds."""
        self._logged_updates = _updates_before_epoch(trainer)
        path = self._folder / layout.STEPS
        rows, damaged_lines = _read_steps(path, self._logged_updates)
        if damaged_lines:
            log.warning("%s line %d is damaged; kept as %s", path, damaged_lines[0], set_aside(path).name)
        if missing := self._logged_updates - len(rows):
            log.warning("%s lacks %d earlier updates; going on", path, missing)
        write_csv(path, _STEPS_COLUMNS, rows)
        self._write_history(trainer)

    def on_epoch_end(self, trainer: Trainer, result: EpochResult) -> None:
        losses = torch.stack(trainer.log.losses).tolist()
        first = self._logged_updates
        rows = [(first + i, lr, loss) for i, (lr, loss) in enumerate(zip(trainer.log.lrs, losses, strict=True))]
        append_csv(self._folder / layout.STEPS, rows)
        self._logged_updates += len(rows)
        self._write_history(trainer)

    def _write_history(self, trainer: Trainer) -> None:
        rows = [astuple(result) for result in trainer.progress.history]
        write_csv(self._folder / layout.HISTORY, _HISTORY_COLUMNS, rows)


class TensorBoard(Callback):
    """The run's event file: `lr` per update, everything else per epoch, and the run's row in the HParams tab.

    The x axis of every scalar counts updates. An epoch's scalars belong to its last update, so that a restart, which
    names the first update to discard, treats both alike. Those of the whole run belong to the update after the last
    one: a run that was killed before its record was written logs them again, but not its last epoch.

    torch's SummaryWriter hands every scalar to a thread that competes with the loop: 0.09 ms per update, a tenth of a
    step of a small network. Here an epoch's scalars are written in one block, and the hparams summaries go into the
    same file, so that TensorBoard shows no second run next to this one.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str | float | bool]) -> None:
        self._folder = folder
        self._settings = dict(settings)
        self._file: IO[bytes] | None = None

    def on_run_start(self, trainer: Trainer) -> None:
        is_restart = any(self._folder.glob("events.out.tfevents.*"))
        name = f"events.out.tfevents.{time.time_ns():020d}.{socket.gethostname()}.{os.getpid()}"
        self._file = open(self._folder / name, "wb")  # noqa: SIM115 - open as long as the run
        self._write(Event(wall_time=time.time(), file_version="brain.Event:2"))
        if is_restart:
            # What a killed run logged after its checkpoint is logged again; TensorBoard discards the earlier events.
            restart = SessionLog(status=SessionLog.START)
            self._write(Event(wall_time=time.time(), step=_updates_before_epoch(trainer), session_log=restart))
        experiment, session_start, self._session_end = _hparams(self._settings)
        self._write(Event(wall_time=time.time(), summary=experiment))
        self._write(Event(wall_time=time.time(), summary=session_start))
        self._file.flush()

    def on_epoch_end(self, trainer: Trainer, result: EpochResult) -> None:
        first = _updates_before_epoch(trainer) - len(trainer.log.lrs)
        event = Event(wall_time=time.time(), summary=Summary(value=[Summary.Value(tag="lr")]))
        for offset, lr in enumerate(trainer.log.lrs):  # reuses one event: there are hundreds per epoch
            event.step, event.summary.value[0].simple_value = first + offset, lr
            self._write(event)
        self._scalars(
            _updates_before_epoch(trainer) - 1,
            {
                "train/loss": result.train_loss,
                "train/accuracy": result.train_accuracy,
                "val/loss": result.val_loss,
                "val/accuracy": result.val_accuracy,
            },
        )
        self._flush()

    def on_run_end(self, trainer: Trainer, outcome: Outcome) -> None:
        if self._file is None:  # another callback raised before this one started
            return
        if outcome.test is not None:
            test = {"test/loss": outcome.test.loss, "test/accuracy": outcome.test.accuracy}
            self._scalars(_updates_before_epoch(trainer), test)
        if outcome.averaged is not None:
            for split, metrics in outcome.averaged.by_split.items():
                values = {f"{split}/averaged_loss": metrics.loss, f"{split}/averaged_accuracy": metrics.accuracy}
                self._scalars(_updates_before_epoch(trainer), values)
        if outcome.status in FINISHED:
            self._write(Event(wall_time=time.time(), summary=self._session_end))
        self._file.close()

    def _scalars(self, step: int, values: Mapping[str, float]) -> None:
        summary = Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()])
        self._write(Event(wall_time=time.time(), step=step, summary=summary))

    def _write(self, event: Event) -> None:
        assert self._file is not None
        RecordWriter(self._file).write(event.SerializeToString())

    def _flush(self) -> None:
        assert self._file is not None
        self._file.flush()


def _hparams(settings: Mapping[str, str | float | bool]) -> tuple[Summary, Summary, Summary]:
    """The summaries behind the HParams tab: experiment, session start, session end."""
    metrics = dict.fromkeys(("test/accuracy", "test/loss", "val/accuracy", "val/loss", "train/loss"), 0.0)
    experiment, start, end = hparams(dict(settings), metrics)  # type: ignore[no-untyped-call]
    # The tab shows five columns at first: those marked as differing, then alphabetically.
    plugin = experiment.value[0].metadata.plugin_data
    content = HParamsPluginData.FromString(plugin.content)
    for info in content.experiment.hparam_infos:
        info.differs = info.name in ("scheduler", "seed", "lr", "model", "optimizer")
    plugin.content = content.SerializeToString()
    return experiment, start, end


def _read_steps(path: Path, update: int) -> tuple[list[list[str]], list[int]]:
    """The rows of `steps.csv` before an update, each once and in order, and the numbers of lines that are damaged."""
    if not path.exists():
        return [], []
    lines = path.read_bytes().decode(errors="replace").split("\n")[:-1]  # a killed run may have cut off the last one
    rows: dict[int, list[str]] = {}
    damaged_lines = []
    for number, line in enumerate(lines, 1):
        cells = line.rstrip("\r").split(",")
        if _is_step(cells):
            rows.setdefault(int(cells[0]), cells)
        elif cells != _STEPS_COLUMNS:
            damaged_lines.append(number)
    return [rows[step] for step in sorted(rows) if step < update], damaged_lines


def _is_step(cells: list[str]) -> bool:
    return len(cells) == len(_STEPS_COLUMNS) and bool(_STEP.fullmatch(cells[0])) and all(map(is_number, cells[1:]))


def _updates_before_epoch(trainer: Trainer) -> int:
    """Attempted updates in completed epochs."""
    progress = trainer.progress
    return progress.step + progress.skipped_updates - progress.updates
