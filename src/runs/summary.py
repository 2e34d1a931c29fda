"""From an outcome and its trainer to the run's record."""

from __future__ import annotations

from typing import Any

from src.config.identity import config_hash, identity
from src.config.schema import Config
from src.runs.git import git_state
from src.runs.provenance import provenance
from src.runs.record import RunRecord, utc_now
from src.training.metrics import EpochResult, Outcome
from src.training.trainer import Trainer


def make_record(
    config: Config,
    outcome: Outcome,
    trainer: Trainer | None,
    *,
    started_at: str,
    error: str | None = None,
    code: dict[str, Any] | None = None,
    num_workers: int | None = None,
    lockstep: int = 1,
) -> RunRecord:
    """The record of a run.

    Args:
        config: The run.
        outcome: How it ended.
        trainer: None if the run failed before it was built.
        started_at: ISO 8601, UTC.
        error: Message and traceback of a failed run.
        code: `git_state()` when the run started; now, if None.
        num_workers: How many runs trained at the same time on this machine; None if unknown.
        lockstep: How many runs trained in lockstep, this one included.
    """
    device = None if trainer is None else trainer.data.device
    metrics = _final_metrics(outcome) | ({} if trainer is None else _training_metrics(trainer))
    return RunRecord(
        status=outcome.status,
        dataset=config.data.name,
        dataset_requested=config.data.requested or config.data.name,
        model=config.model["name"],
        optimizer=config.optimizer["name"],
        scheduler=config.scheduler["name"],
        lr=float(config.optimizer["lr"]),
        lr_requested=config.lr_requested,
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
        finished_at=utc_now(),
        provenance=provenance(device, num_workers) | {"lockstep": lockstep} | (code or git_state()),
        **metrics,
    )


def time_to(thresholds: list[float], history: list[EpochResult]) -> dict[str, dict[str, float] | None]:
    """Epoch, step and training seconds at which validation accuracy first reached each threshold; None if never."""
    times: dict[str, dict[str, float] | None] = {}
    for threshold in thresholds:
        first = next((row for row in history if row.val_accuracy >= threshold), None)
        times[str(threshold)] = (
            None if first is None else {"epoch": first.epoch, "step": first.step, "seconds": first.train_seconds}
        )
    return times


def _final_metrics(outcome: Outcome) -> dict[str, Any]:
    metrics: dict[str, Any] = {}
    if outcome.test is not None:
        metrics |= {"test_accuracy": outcome.test.accuracy, "test_loss": outcome.test.loss}
    if outcome.averaged is not None:
        for split, averaged in outcome.averaged.by_split.items():
            metrics |= {f"averaged_{split}_accuracy": averaged.accuracy, f"averaged_{split}_loss": averaged.loss}
    return metrics


def _training_metrics(trainer: Trainer) -> dict[str, Any]:
    progress = trainer.progress
    metrics: dict[str, Any] = {
        "device_type": trainer.data.device.type,
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
        metrics |= {
            "train_loss": last.train_loss,
            "val_loss": last.val_loss,
            "val_accuracy": last.val_accuracy,
            "mean_val_accuracy": sum(row.val_accuracy for row in progress.history) / len(progress.history),
            "best_val_accuracy": best.val_accuracy,
            "best_val_epoch": best.epoch,
        }
    return metrics
