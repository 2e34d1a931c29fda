"""The composition root: a config becomes objects, a run, a record. The one place that puts them together."""

from __future__ import annotations

import contextlib
import itertools
import logging
import statistics
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import torch
from omegaconf import OmegaConf

from src.config import CONF
from src.config.identity import config_hash, identity
from src.config.resolvers import AUTO
from src.config.schema import Config, at_lr, at_some_lr
from src.data import dataset as data
from src.errors import FolderTakenError, UsageError
from src.files import lock_folder, write_text
from src.models.build import build_model, checked_model
from src.optimizers.build import build_optimizer, check_optimizer
from src.runs import record as records
from src.runs.provenance import git_state, provenance
from src.runs.record import RunRecord
from src.schedules.driver import build_schedule, check_scheduler
from src.schedules.preflight import preflight
from src.signals import Stop, StoppedError, stopped_by_signals
from src.training import checkpoint
from src.training.averaging import build_averaging, check_averaging
from src.training.callbacks import Callback, build_callbacks, check_callbacks
from src.training.checkpoint import Checkpoint
from src.training.console import EpochLines, ProgressBar
from src.training.device import Precision, configure_torch, select_device, select_precision
from src.training.lr_finder import RangeTest, range_test_of, rates
from src.training.metrics import EpochResult, Outcome
from src.training.tracking import History, TensorBoard
from src.training.trainer import Trainer

log = logging.getLogger(__name__)

_OWNER = ".config_hash"
LR_FIND_FILE = "lr_find.csv"
_OBSERVERS: dict[str, list[type[Callback]]] = {"bar": [ProgressBar], "lines": [EpochLines], "nothing": []}


def run(
    config: Config,
    folder: Path,
    *,
    show: str = "lines",
    wait: bool = False,
    on_claim: Callable[[], None] = lambda: None,
) -> RunRecord:
    """Trains, tests and records one run in `folder`; goes on from its checkpoint, or returns its finished record.

    Args:
        config: The checked config.
        folder: Of this run alone; created where it is absent.
        show: What is printed an epoch: "bar" and lines, "lines", or "nothing".
        wait: Where another process is making a run there, wait for its end instead of refusing.
        on_claim: Called once the folder is this run's and no other process's.

    Returns:
        The record, whose status says how the run ended. A failed run has its traceback in `error`.

    Raises:
        UsageError: the run cannot start, or the folder belongs to another run. Nothing is recorded.
    """
    started_at = _now()
    with _claimed(config, folder, wait):
        finished = finished_record(config, folder)
        if finished is not None:
            return finished
        on_claim()
        if config.data.requested:
            log.warning("data=%s stands in for %s, which could not be had", config.data.name, config.data.requested)
        code = git_state()  # now: what is committed while the run lasts is not its code
        trainer, error = None, None
        try:
            with stopped_by_signals() as stop:
                begun = time.perf_counter()
                config = _with_found_lr(config, folder, stop)
                trainer = _prepared_trainer(config, folder, show, stop, searched=time.perf_counter() - begun)
                outcome = trainer.fit()
            _warn_of_a_lone_average(trainer, outcome)
        except StoppedError:
            outcome = Outcome("interrupted", None)
        except Exception as caught:
            if trainer is None and isinstance(caught, UsageError):
                raise
            outcome, error = Outcome("failed", None), _describe(caught)
        record = make_record(config, outcome, trainer, started_at=started_at, error=error, code=code)
        records.write_record(record, folder)
    return record


def record_refusal(config: Config, folder: Path, error: UsageError) -> RunRecord:
    """Records a run that could not start, for the sweep that counts on its row."""
    record = make_record(config, Outcome("failed", None), None, started_at=_now(), error=str(error))
    records.write_record(record, folder)
    return record


def _prepared_trainer(config: Config, folder: Path, show: str, stop: Stop, *, searched: float) -> Trainer:
    """The trainer where the folder's checkpoint left it; a new one has the `searched` seconds on its clock."""
    trainer = build_trainer(config, folder, show)
    if checkpoint.resume(trainer, folder):
        log.info("Resumed after epoch %d, update %d", trainer.progress.epoch, trainer.progress.step)
    else:
        trainer.progress.wall_seconds = searched

    def halt() -> None:
        trainer.stop_requested = True

    stop.on_request = halt
    trainer.stop_requested = stop.is_requested
    return trainer


def _warn_of_a_lone_average(trainer: Trainer, outcome: Outcome) -> None:
    average = trainer.averaging.model
    if outcome.averaged is not None and average is not None and int(average.n_averaged) == 1:
        log.warning("averaging=%s: the average is of a single epoch", trainer.config.averaging["name"])


def check(config: Config, *, here: bool = True) -> None:
    """Builds and rehearses everything but the data, so that a config which cannot run is refused before it starts.

    Args:
        config: What is to be run.
        here: On this machine; otherwise its devices say nothing about those of the run.

    Raises:
        UsageError: names the value and the remedy.
    """
    if here:
        select_precision(config.trainer.precision, select_device(config.trainer.device))
    config = at_some_lr(config)  # any will do: it is found once the data are there
    check_scheduler(config)
    check_callbacks(config)
    check_averaging(config)
    check_optimizer(config.optimizer, checked_model(config))
    preflight(config)


def build_trainer(config: Config, folder: Path, show: str = "nothing") -> Trainer:
    """The trainer of a run in `folder`, with all that watches it."""
    precision = select_precision(config.trainer.precision, select_device(config.trainer.device))
    return _trainer(
        config,
        *(observer() for observer in _OBSERVERS[show]),
        History(folder),
        TensorBoard(folder, _settings(config, precision)),
        *build_callbacks(config),
        Checkpoint(folder),  # last: what the others have written is never behind it
    )


def find_lr(config: Config, lrs: Sequence[float], stop: Stop | None = None) -> RangeTest:
    """The range test on a model of its own, which starts as that of a run with `config` does.

    Raises:
        UsageError: the config cannot run, or no rate lowers the loss.
        StoppedError: a stop was asked for.
    """
    constant: Any = OmegaConf.to_container(OmegaConf.load(CONF / "scheduler" / "constant.yaml"))
    none: Any = OmegaConf.to_container(OmegaConf.load(CONF / "averaging" / "none.yaml"))
    alone = replace(
        at_some_lr(config), scheduler=constant, averaging=none, warmup=0.0, interval=None, seconds=None, callbacks={}
    )
    with torch.random.fork_rng(devices=[]):  # a trainer seeds the global generator for dropout
        return range_test_of(_trainer(alone), lrs, stop or Stop())


def step_seconds(config: Config, updates: int = 20) -> float:
    """The median time of an update, measured here and now on a model of its own."""
    with torch.random.fork_rng(devices=[]):
        trainer = _trainer(replace(config, callbacks={}))
        trainer.set_training(True)
        batches = torch.split(trainer.data.train_order(0, 0), config.batch_size * config.trainer.accumulate_batches)
        times = []
        for examples, _ in zip(itertools.cycle(batches), range(updates + 5), strict=False):
            begun = time.perf_counter()
            trainer.train_step(examples)
            trainer.losses[-1].item()  # waits for the device
            times.append(time.perf_counter() - begun)
    return statistics.median(times[5:])


def _with_found_lr(config: Config, folder: Path, stop: Stop) -> Config:
    """`config` with the learning rate that `optimizer.lr=auto` asks for, found once and kept in the folder."""
    if config.optimizer["lr"] != AUTO:
        return config
    check(config)
    path = folder / LR_FIND_FILE
    if not path.exists():
        # With a seed of its own: the runs of a setting, which differ in the seed, are to share their peak.
        write_text(path, find_lr(replace(config, seed=0), rates(), stop).to_csv())
    lr = RangeTest.read_csv(path).suggestion()
    log.info("optimizer.lr=auto: %g, by the range test in %s", lr, path)
    return at_lr(config, lr)


def _trainer(config: Config, *callbacks: Callback) -> Trainer:
    check(config)
    device = select_device(config.trainer.device)
    precision = select_precision(config.trainer.precision, device)
    configure_torch(config.trainer, precision)
    dataset = data.load(config.data, device)
    model = build_model(config.model, config.seed).to(device)
    if config.trainer.channels_last:
        model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = build_optimizer(config.optimizer, model.parameters(), fused=config.trainer.fused)
    schedule = build_schedule(config, optimizer)
    averaging = build_averaging(config.averaging)
    return Trainer(config, dataset, model, optimizer, schedule, averaging, precision, list(callbacks))


def make_record(
    config: Config,
    outcome: Outcome,
    trainer: Trainer | None,
    *,
    started_at: str,
    error: str | None = None,
    code: dict[str, Any] | None = None,
) -> RunRecord:
    """The record of a run that got as far as `trainer` did; None where it was never built."""
    reached: dict[str, Any] = {} if trainer is None else _reached(trainer)
    if outcome.test is not None:
        reached |= {"test_accuracy": outcome.test.accuracy, "test_loss": outcome.test.loss}
    if outcome.averaged is not None:
        for split, metrics in (("test", outcome.averaged.test), ("val", outcome.averaged.val)):
            reached |= {f"averaged_{split}_accuracy": metrics.accuracy, f"averaged_{split}_loss": metrics.loss}
    return RunRecord(
        status=outcome.status,
        dataset=config.data.name,
        dataset_requested=config.data.requested or config.data.name,
        model=config.model["name"],
        optimizer=config.optimizer["name"],
        scheduler=config.scheduler["name"],
        lr=None if config.optimizer["lr"] == AUTO else float(config.optimizer["lr"]),
        averaging=config.averaging["name"],
        warmup=config.warmup,
        epochs=config.epochs,
        seconds=config.seconds,
        batch_size=config.batch_size,
        seed=config.seed,
        config_hash=config_hash(config),
        read_test=config.read_test,
        config=identity(config),
        time_to=time_to(config.data.thresholds, [] if trainer is None else trainer.progress.history),
        error=error,
        started_at=started_at,
        finished_at=_now(),
        provenance={**provenance(None if trainer is None else trainer.data.device), **(code or git_state())},
        **reached,
    )


def time_to(thresholds: list[float], history: list[EpochResult]) -> dict[str, dict[str, float] | None]:
    """When validation accuracy first reached each threshold: epoch, step, training seconds; None where it never did."""
    reached: dict[str, dict[str, float] | None] = {}
    for threshold in thresholds:
        first = next((row for row in history if row.val_accuracy >= threshold), None)
        reached[str(threshold)] = (
            None if first is None else {"epoch": first.epoch, "step": first.step, "seconds": first.train_seconds}
        )
    return reached


def _reached(trainer: Trainer) -> dict[str, Any]:
    progress = trainer.progress
    values: dict[str, Any] = {
        "precision": trainer.precision.name,
        "num_parameters": sum(weight.numel() for weight in trainer.model.parameters()),
        "validation_examples": trainer.data.val_digest,
        "steps": progress.step,
        "skipped_updates": progress.skipped_updates,
        "train_seconds": progress.train_seconds,
        "wall_seconds": progress.wall_seconds,
    }
    if progress.history:
        last = progress.history[-1]
        best = max(progress.history, key=lambda row: row.val_accuracy)
        values |= {
            "train_loss": last.train_loss,
            "val_loss": last.val_loss,
            "val_accuracy": last.val_accuracy,
            "mean_val_accuracy": sum(row.val_accuracy for row in progress.history) / len(progress.history),
            "best_val_accuracy": best.val_accuracy,
            "best_val_epoch": best.epoch,
        }
    return values


def _settings(config: Config, precision: Precision) -> dict[str, str | float | bool]:
    """The columns of the HParams tab: the same in every run, so that the runs of a sweep line up."""
    return {
        "data": config.data.name,
        "model": config.model["name"],
        "optimizer": config.optimizer["name"],
        "scheduler": config.scheduler["name"],
        "lr": float(config.optimizer["lr"]),
        "averaging": config.averaging["name"],
        "warmup": config.warmup,
        "epochs": config.epochs,
        "batch_size": config.batch_size,
        "precision": precision.name,
        "seed": str(config.seed),  # the tab would show a number as 0.0000
    }


def finished_record(config: Config, folder: Path) -> RunRecord | None:
    """The folder's record if this very run is finished there.

    Raises:
        FolderTakenError: the folder belongs to another run.
    """
    record = records.find_record(folder)
    owner_file = folder / _OWNER
    owner = record.config_hash if record else owner_file.read_text().strip() if owner_file.exists() else None
    if owner not in (None, config_hash(config)):
        raise FolderTakenError(
            f"{folder} holds another run (config hash {owner}, this one has {config_hash(config)}), which is not "
            "overwritten; choose another folder (hydra.run.dir=DIR, or hydra.sweep.dir=DIR for a sweep) or move that "
            "one away"
        )
    return record if record is not None and record.status in records.FINISHED else None


@contextlib.contextmanager
def _claimed(config: Config, folder: Path, wait: bool) -> Iterator[None]:
    """Holds the folder for this run and this process."""
    lock = lock_folder(folder, "another process is making a run there", wait=wait)
    try:
        finished_record(config, folder)  # refuses another run's folder
        write_text(folder / _OWNER, config_hash(config) + "\n")
        yield
    finally:
        lock.release()


def _describe(error: Exception) -> str:
    """What an exception says in one line, and its traceback below."""
    said = "".join(traceback.format_exception_only(error)).strip().partition("\n")[0]
    return f"{said}\n\n{''.join(traceback.format_exception(error))}"


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
