"""One run in a folder of its own: train, test, record; resume or skip what is already there."""

from __future__ import annotations

import contextlib
import logging
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from src import layout
from src.announce import announcing
from src.config.identity import config_hash
from src.config.schema import Config
from src.errors import UsageError
from src.files import lock_folder, write_text
from src.runs import record as records
from src.runs.build import build_trainer
from src.runs.conditions import check_conditions
from src.runs.folder import check_run_folder, read_claim
from src.runs.provenance import git_state
from src.runs.record import RunRecord
from src.runs.summary import make_record
from src.signals import Stop, stop_on_signals
from src.status import FINISHED
from src.training import checkpoint
from src.training.metrics import Outcome
from src.training.trainer import Trainer

log = logging.getLogger(__name__)


def run(
    config: Config,
    folder: Path,
    *,
    show: str = "nothing",
    keep_waiting: Callable[[], bool] | None = None,
    num_workers: int | None = 1,
    on_claim: Callable[[], None] = lambda: None,
) -> RunRecord:
    """Trains, tests and records one run; resumes it from its checkpoint, or returns its finished record.

    Args:
        config: The run.
        folder: The run's own folder; created if needed.
        show: Console progress: "bar" (and lines), "lines" or "nothing".
        keep_waiting: Wait for another process that holds the folder as long as this returns True; None does not wait.
        num_workers: How many runs train at the same time on this machine; None if unknown. Recorded,
            and compared with that of a finished run with a time budget.
        on_claim: Called once the folder belongs to this run and this process.

    Returns:
        The record. Its status says how the run ended; that of a failed run has the traceback in `error`.

    Raises:
        UsageError: the run cannot start, or the folder belongs to another run or to one made under other conditions.
            Nothing is recorded.
    """
    if (finished := finished_record(config, folder, num_workers)) is not None:
        log.info("%s: already finished, skipping", folder)
        return finished
    check_run_folder(folder)
    started_at = records.utc_now()
    with _locked(folder, keep_waiting):
        if (finished := finished_record(config, folder, num_workers)) is not None:  # by the process that held the lock
            return finished
        claim = folder / layout.CONFIG_HASH
        is_first_start = not claim.exists()
        write_text(claim, config_hash(config) + "\n")
        on_claim()
        if config.data.requested:
            log.warning("%s is unavailable, training on %s instead", config.data.requested, config.data.name)
        code = git_state()  # read now: commits made during the run do not affect it
        trainer, error = None, None
        try:
            with stop_on_signals() as stop:
                trainer = _resumed_trainer(config, folder, show, stop)
                outcome = trainer.fit()
            _warn_if_average_is_single(trainer, outcome)
        except (Exception, SystemExit) as exception:  # the model and callbacks are the user's own code
            if trainer is None and isinstance(exception, UsageError):
                if is_first_start:  # a refused run leaves its folder to the corrected one
                    claim.unlink()
                raise
            outcome, error = Outcome("failed", None), _with_traceback(exception)
        record = make_record(
            config, outcome, trainer, started_at=started_at, error=error, code=code, num_workers=num_workers
        )
        records.write_record(record, folder)
    return record


def record_refusal(config: Config, folder: Path, error: UsageError) -> RunRecord:
    """Records a run of a sweep that could not start, so that it has a row."""
    record = make_record(config, Outcome("failed", None), None, started_at=records.utc_now(), error=str(error))
    records.write_record(record, folder)
    return record


def finished_record(config: Config, folder: Path, num_workers: int | None) -> RunRecord | None:
    """The folder's record if this very run is finished there.

    Raises:
        FolderTakenError: the folder belongs to another run, or the run was made under conditions other than these.
    """
    record = records.find_record(folder)
    if record is not None:
        records.check_owner(folder, record.config_hash, config_hash(config))
    elif (claim := read_claim(folder)) is not None:  # the run has started, but has not ended
        records.check_owner(folder, claim, config_hash(config))
    if record is None or record.status not in FINISHED:
        return None
    check_conditions(record, config, folder, num_workers)
    return record


def _resumed_trainer(config: Config, folder: Path, show: str, stop: Stop) -> Trainer:
    with announcing("loading data") if show != "nothing" else contextlib.nullcontext():
        trainer = build_trainer(config, folder, show, stop)
    if checkpoint.resume(trainer, folder):
        log.info("Resumed after epoch %d, update %d", trainer.progress.epoch, trainer.progress.step)
    return trainer


def _warn_if_average_is_single(trainer: Trainer, outcome: Outcome) -> None:
    average = trainer.averaging.model
    if outcome.averaged is not None and average is not None and int(average.n_averaged) == 1:
        log.warning("averaging=%s: the average contains a single epoch", trainer.config.averaging["name"])


@contextlib.contextmanager
def _locked(folder: Path, keep_waiting: Callable[[], bool] | None) -> Iterator[None]:
    lock = lock_folder(folder, "another process is running there", keep_waiting=keep_waiting)
    try:
        yield
    finally:
        lock.release()


def _with_traceback(error: BaseException) -> str:
    """The exception in one line, and its traceback below."""
    message = "".join(traceback.format_exception_only(error)).strip().partition("\n")[0]
    if isinstance(error, SystemExit):
        message = f"SystemExit: the code of the model, a callback or another part called sys.exit({error.code!r})"
    return f"{message}\n\n{''.join(traceback.format_exception(error))}"
