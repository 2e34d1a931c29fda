"""An attempt at a run: its folder is claimed and locked, and ends with a record."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from src import layout
from src.config.identity import config_hash
from src.config.schema import Config
from src.files import lock_folder, write_text
from src.runs import record as records
from src.runs.conditions import check_conditions
from src.runs.folder import read_claim
from src.runs.git import git_state
from src.runs.record import RunRecord
from src.runs.summary import make_record
from src.status import FINISHED
from src.training.metrics import Outcome
from src.training.trainer import Trainer


@dataclass(frozen=True)
class Attempt:
    """A run whose folder belongs to it and to this process.

    Attributes:
        config: The run.
        folder: Where its files go.
        started_at: ISO 8601, UTC.
        num_workers: How many runs train at the same time on this machine; None if unknown.
        lockstep: How many runs train in lockstep with it, itself included.
        is_first: Whether nothing in the folder is from an earlier attempt.
        code: The state of the code when the attempt began: commits made during the run do not affect it.
    """

    config: Config
    folder: Path
    started_at: str
    num_workers: int | None
    lockstep: int
    is_first: bool
    code: dict[str, Any]

    def record(self, outcome: Outcome, trainer: Trainer | None, error: BaseException | None = None) -> RunRecord:
        """Writes the record of a run that ended like this."""
        record = make_record(
            self.config,
            outcome,
            trainer,
            started_at=self.started_at,
            error=None if error is None else _with_traceback(error),
            code=self.code,
            num_workers=self.num_workers,
            lockstep=self.lockstep,
        )
        records.write_record(record, self.folder)
        return record

    def withdraw(self) -> None:
        """Leaves the folder of a refused run to the corrected one."""
        if self.is_first:
            (self.folder / layout.CONFIG_HASH).unlink()


def claim(
    config: Config,
    folder: Path,
    *,
    started_at: str,
    num_workers: int | None,
    on_claim: Callable[[], None],
    lockstep: int = 1,
) -> Attempt:
    """Claims a locked folder for a run."""
    path = folder / layout.CONFIG_HASH
    is_first = not path.exists()
    write_text(path, config_hash(config) + "\n")
    on_claim()
    return Attempt(config, folder, started_at, num_workers, lockstep, is_first, git_state())


@contextmanager
def locked(folder: Path, keep_waiting: Callable[[], bool] | None) -> Iterator[None]:
    """Holds the folder of a run.

    Raises:
        FolderInUseError: another process holds it.
    """
    lock = lock_folder(folder, "another process is running there", keep_waiting=keep_waiting)
    try:
        yield
    finally:
        lock.release()


def finished_record(config: Config, folder: Path, num_workers: int | None) -> RunRecord | None:
    """The folder's record if this very run is finished there.

    Raises:
        FolderTakenError: the folder belongs to another run, or the run was made under conditions other than these.
    """
    record = records.find_record(folder)
    if record is not None:
        records.check_owner(folder, record.config_hash, config_hash(config))
    elif (owner := read_claim(folder)) is not None:  # the run has started, but has not ended
        records.check_owner(folder, owner, config_hash(config))
    if record is None or record.status not in FINISHED:
        return None
    check_conditions(record, config, folder, num_workers)
    return record


def _with_traceback(error: BaseException) -> str:
    """The exception in one line, and its traceback below."""
    message = "".join(traceback.format_exception_only(error)).strip().partition("\n")[0]
    if isinstance(error, SystemExit):
        message = f"SystemExit: the code of the model, a callback or another part called sys.exit({error.code!r})"
    return f"{message}\n\n{''.join(traceback.format_exception(error))}"
