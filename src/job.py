"""One job as Hydra starts it: config, run, and what is said and returned at its end."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from src import config
from src.errors import FolderTakenError, UsageError
from src.sweep.orphans import end_with_parent

if TYPE_CHECKING:
    from src.records import RunRecord

log = logging.getLogger(__name__)

EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED = 1, 2, 130


def run_job(cfg: DictConfig) -> None:
    """Runs one job. In a multirun a failure costs the job's own row: only its record tells of it.

    Raises:
        SystemExit: a single run was refused, failed or was interrupted; a job's folder belongs to another run.
        KeyboardInterrupt: a job of a multirun was interrupted, so that the rest is not started.
    """
    alone = HydraConfig.get().mode == RunMode.RUN
    if not alone:
        end_with_parent()
    folder = Path(HydraConfig.get().runtime.output_dir)
    try:
        record = _run(cfg, folder, alone)
    except UsageError as error:
        raise SystemExit(refuse(error)) from None
    _announce(record, "" if alone else f"[{HydraConfig.get().job.num + 1}] {record.scheduler} seed={record.seed}: ")
    if alone:
        log.info("Results in %s", folder)
    if record.status == "interrupted":
        raise SystemExit(EXIT_INTERRUPTED) if alone else KeyboardInterrupt
    if record.status == "failed" and alone:
        raise SystemExit(EXIT_FAILED)


def refuse(error: Exception) -> int:
    """Says what is wrong, once; returns the exit status."""
    print(f"error: {error}", file=sys.stderr)
    return EXIT_USAGE


def _run(cfg: DictConfig, folder: Path, alone: bool) -> RunRecord:
    from src import experiment

    run = config.load(cfg)
    if finished := experiment.finished_record(run, folder):
        log.info("%s holds this run already: it is not made again", folder)
        return finished
    _write_hydra_config(cfg, folder)
    show = ("bar" if sys.stdout.isatty() else "lines") if alone else "nothing"
    try:
        return experiment.run(run, folder, show=show, wait=not alone)
    except FolderTakenError:
        raise
    except UsageError as error:
        if alone:
            raise
        return experiment.record_refusal(run, folder, error)


def _announce(record: RunRecord, label: str) -> None:
    if record.test_accuracy is not None:
        accuracy = f"{100 * record.test_accuracy:.2f} %"
        seconds = record.train_seconds
        log.info("%stest accuracy %s, test loss %.4f, %.1f s of training", label, accuracy, record.test_loss, seconds)
    elif record.status == "diverged":
        log.warning("%sdiverged: the loss is not finite; a smaller optimizer.lr may help", label)
    elif record.status == "interrupted":
        log.warning("%sinterrupted at update %d; the same command goes on from there", label, record.steps)
    else:
        log.error("%sfailed: %s", label, (record.error or "").strip().splitlines()[-1])


def _write_hydra_config(cfg: DictConfig, folder: Path) -> None:
    """The three files that Hydra itself would write, had it known that the folder is free."""
    target = folder / ".hydra"
    target.mkdir(parents=True, exist_ok=True)
    OmegaConf.save(cfg, target / "config.yaml")
    OmegaConf.save(DictConfig({"hydra": HydraConfig.get()}), target / "hydra.yaml")
    OmegaConf.save(HydraConfig.get().overrides.task, target / "overrides.yaml")
