"""One run in a folder of its own: train, test, record; resume or skip what is already there."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from pathlib import Path

from src.announce import announcing
from src.config.schema import Config
from src.errors import UsageError
from src.runs import record as records
from src.runs.attempt import claim, finished_record, locked
from src.runs.build import build_trainer
from src.runs.folder import check_run_folder
from src.runs.record import RunRecord
from src.runs.summary import make_record
from src.signals import Stop, stop_on_signals
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
    with locked(folder, keep_waiting):
        if (finished := finished_record(config, folder, num_workers)) is not None:  # by the process that held the lock
            return finished
        attempt = claim(config, folder, started_at=started_at, num_workers=num_workers, on_claim=on_claim)
        warn_of_fallback(config)
        trainer, error = None, None
        try:
            with stop_on_signals() as stop:
                trainer = _resumed_trainer(config, folder, show, stop)
                outcome = trainer.fit()
            warn_if_average_is_single(trainer, outcome)
        except (Exception, SystemExit) as exception:  # the model and callbacks are the user's own code
            if trainer is None and isinstance(exception, UsageError):
                attempt.withdraw()
                raise
            outcome, error = Outcome("failed", None), exception
        return attempt.record(outcome, trainer, error)


def record_refusal(config: Config, folder: Path, error: UsageError) -> RunRecord:
    """Records a run of a sweep that could not start, so that it has a row."""
    record = make_record(config, Outcome("failed", None), None, started_at=records.utc_now(), error=str(error))
    records.write_record(record, folder)
    return record


def _resumed_trainer(config: Config, folder: Path, show: str, stop: Stop) -> Trainer:
    with announcing("loading data") if show != "nothing" else contextlib.nullcontext():
        trainer = build_trainer(config, folder, show, stop)
    if checkpoint.resume(trainer, folder):
        log.info("Resumed after epoch %d, update %d", trainer.progress.epoch, trainer.progress.step)
    return trainer


def warn_of_fallback(config: Config) -> None:
    """Says that another data set takes the place of the requested one."""
    if config.data.requested:
        log.warning("%s is unavailable, training on %s instead", config.data.requested, config.data.name)


def warn_if_average_is_single(trainer: Trainer, outcome: Outcome) -> None:
    average = trainer.averaging.model
    if outcome.averaged is not None and average is not None and int(average.n_averaged) == 1:
        log.warning("averaging=%s: the average contains a single epoch", trainer.config.averaging["name"])
