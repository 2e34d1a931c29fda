"""One run of a sweep, watched through the files in its folder."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from src import layout
from src.errors import UsageError
from src.runs.record import RunRecord
from src.status import FINISHED
from src.sweeps.labels import TASK_KEYS, run_label, setting_label, task_of
from src.sweeps.plan import PENDING, Job


@dataclass(frozen=True)
class Epoch:
    """The last row of a history."""

    number: int
    lr: float
    val_accuracy: float
    train_seconds: float


class WatchedFile:
    """A file that is read only after it has changed: a sweep has thousands of them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.modified = 0.0  # seconds since the epoch; 0 without the file
        self._version: int | None = None
        self.has_changed()

    def has_changed(self) -> bool:
        """Whether there is a file other than at the last call."""
        try:
            status = self.path.stat()
        except OSError:
            return False
        previous, self._version, self.modified = self._version, status.st_mtime_ns, status.st_mtime
        return previous != self._version


class RunWatch:
    """The state of a run.

    A failure of an earlier attempt is not an outcome of this one: until the record changes, the run has not ended.

    Attributes:
        label: Its name on the terminal.
        setting: The same without the seed.
        task: What it has in common with the runs that it can be compared with.
        name_in_task: Its setting without what the task says.
        kind: What decides how long an epoch takes.
        work: How much there is to train: examples or, if the length of the run is a time, seconds.
        end_status: How it ended; empty as long as it has not.
        is_active: Whether it is in training.
        last: Its last epoch, if one has ended.
    """

    def __init__(self, job: Job, varied: Collection[str]) -> None:
        config = job.config
        self.label = run_label(config, job.overrides, varied)
        self.setting = setting_label(config, job.overrides, varied)
        self.task = task_of(config)
        self.name_in_task = setting_label(config, job.overrides, set(varied) - TASK_KEYS)
        self.kind = (config.data.name, config.model["name"], config.batch_size)
        self.epochs = None if config.seconds else config.epochs
        self.work = float(config.seconds or config.epochs * config.data.train_size)
        self.end_status, self.val_accuracy = "", 0.0
        self.is_active = False
        self.last: Epoch | None = None
        self._job = job
        self._claim, self._history, self._record = (
            WatchedFile(job.folder / name) for name in (layout.CONFIG_HASH, layout.HISTORY, layout.RECORD)
        )
        self._started = self._last_sign = 0.0
        self._read_earlier_attempt()

    def _read_earlier_attempt(self) -> None:
        record = self._readable_record() if self._record.modified else None
        if record is not None and record.status in FINISHED:
            self._end(record)
        elif self._history.modified:
            self.last = last_epoch(self._history.path)
        self._resumed_at = self._fraction_trained

    def update(self) -> None:
        """Reads what has changed in the folder."""
        if self.end_status:
            return
        if self._claim.has_changed():
            self.is_active = True
            self._started = self._last_sign = self._claim.modified
        if self.is_active and self._history.has_changed() and (last := last_epoch(self._history.path)):
            self.last, self._last_sign = last, self._history.modified
            self._resumed_at = min(self._resumed_at, self._fraction_trained)
        if self._record.has_changed() and (record := self._readable_record()):
            self.is_active = False
            if record.status not in PENDING:
                self._end(record)

    @property
    def ended_at(self) -> float:
        """Seconds since the epoch; 0 as long as it has not ended."""
        return self._last_sign if self.end_status else 0.0

    @property
    def work_left(self) -> float:
        return 0.0 if self.end_status else self.work * (1 - self._fraction_trained)

    @property
    def work_done(self) -> float:
        """In this attempt; 0 until an epoch of it has ended."""
        return self.work * (self._fraction_trained - self._resumed_at) if self._started else 0.0

    @property
    def seconds_busy(self) -> float:
        """From the start of this attempt to its last epoch, or to its record."""
        return self._last_sign - self._started

    def seconds_left(self, pace: float, now: float) -> float:
        """Estimated time until the run ends.

        Args:
            pace: Seconds per unit of work.
            now: Seconds since the epoch. The epoch in training counts in part.
        """
        left = self.work_left * pace
        since_last_sign = max(0.0, now - self._last_sign) if self.is_active else 0.0
        per_epoch = self.work / self.epochs * pace if self.epochs else left
        return max(0.0, left - min(since_last_sign, per_epoch))

    @property
    def _fraction_trained(self) -> float:
        if self.last is None:
            return 0.0
        return min(1.0, self.last.number / self.epochs if self.epochs else self.last.train_seconds / self.work)

    def _readable_record(self) -> RunRecord | None:
        with suppress(OSError, UsageError):  # it is reported when the job runs
            return self._job.record()
        return None

    def _end(self, record: RunRecord) -> None:
        accuracies = (record.averaged_val_accuracy, record.val_accuracy)
        self.end_status = record.status
        self.val_accuracy = next((value for value in accuracies if value is not None), 0.0)
        self._last_sign = self._record.modified


def last_epoch(path: Path) -> Epoch | None:
    """The last row of `history.csv`; None if there is none or it cannot be read, which the report will say."""
    try:
        with open(path, newline="") as file:
            rows = deque(csv.DictReader(file), maxlen=1)
        row = rows[0]
        numbers = (float(row[name]) for name in ("lr", "val_accuracy", "train_seconds"))
        return Epoch(int(row["epoch"]), *numbers)
    except (OSError, ValueError, LookupError, TypeError, csv.Error):
        return None
