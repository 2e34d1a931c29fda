"""One job as Hydra starts it: config, run, and what is said and returned at its end."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from src.config.compose import load_config
from src.config.schema import Config
from src.errors import EXIT_FAILED, EXIT_INTERRUPTED, FolderTakenError, UsageError, refuse
from src.sweeps import workers

if TYPE_CHECKING:
    from src.runs.record import RunRecord

log = logging.getLogger(__name__)


def run_job(cfg: DictConfig) -> None:
    """Runs one job. In a multirun a failure costs the job's own row: only its record tells of it.

    Raises:
        SystemExit: a single run was refused, failed or was interrupted.
    """
    if HydraConfig.get().mode == RunMode.RUN:
        _run_alone(cfg)
        return
    workers.install_worker_handlers(Path(HydraConfig.get().sweep.dir))
    if not workers.is_stopping():
        with workers.busy():
            _run_in_sweep(cfg)


def _run_alone(cfg: DictConfig) -> None:
    folder = _folder()
    try:
        record = _run(cfg, load_config(cfg), folder, show="bar" if sys.stdout.isatty() else "lines")
    except UsageError as error:
        raise SystemExit(refuse(error)) from None
    _announce(record)
    log.info("Results in %s", folder)
    status = {"interrupted": EXIT_INTERRUPTED, "failed": EXIT_FAILED}.get(record.status, 0)
    if status:
        raise SystemExit(status)


def _run_in_sweep(cfg: DictConfig) -> None:
    from src.runs import run as experiment

    number, folder, run = HydraConfig.get().job.num + 1, _folder(), load_config(cfg)
    label = f"[{number}] {run.scheduler['name']} seed={run.seed}: "
    try:
        record = _run(cfg, run, folder, wait=True)
    except FolderTakenError as error:
        log.error("%s%s", label, error)
        return
    except UsageError as error:
        record = experiment.record_refusal(run, folder, error)
    _announce(record, label)


def _run(cfg: DictConfig, run: Config, folder: Path, *, show: str = "nothing", wait: bool = False) -> RunRecord:
    from src.runs import run as experiment

    if finished := experiment.finished_record(run, folder):
        log.info("%s holds this run already: it is not made again", folder)
        return finished
    return experiment.run(run, folder, show=show, wait=wait, on_claim=lambda: _write_hydra_config(cfg, folder))


def _folder() -> Path:
    return Path(HydraConfig.get().runtime.output_dir)


def _announce(record: RunRecord, label: str = "") -> None:
    if record.test_accuracy is not None:
        accuracy = f"{100 * record.test_accuracy:.2f} %"
        seconds = record.train_seconds
        log.info("%stest accuracy %s, test loss %.4f, %.1f s of training", label, accuracy, record.test_loss, seconds)
        if record.averaged_test_accuracy is not None:
            accuracy = f"{100 * record.averaged_test_accuracy:.2f} %"
            log.info("%saveraged weights: test accuracy %s, test loss %.4f", label, accuracy, record.averaged_test_loss)
    elif record.status == "completed":
        val_accuracy, val_loss = 100 * (record.val_accuracy or 0), record.val_loss
        log.info("%svalidation accuracy %.2f %%, validation loss %.4f, not tested", label, val_accuracy, val_loss)
    elif record.status == "diverged":
        log.warning("%sdiverged: the loss is not finite; a smaller optimizer.lr may help", label)
    elif record.status == "interrupted":
        log.warning("%sinterrupted at update %d; the same command goes on from there", label, record.steps)
    else:
        log.error("%sfailed: %s", label, record.error_line)


def _write_hydra_config(cfg: DictConfig, folder: Path) -> None:
    """The three files that Hydra itself would write, had it known that the folder is free."""
    target = folder / ".hydra"
    target.mkdir(parents=True, exist_ok=True)
    OmegaConf.save(cfg, target / "config.yaml")
    OmegaConf.save(DictConfig({"hydra": HydraConfig.get()}), target / "hydra.yaml")
    OmegaConf.save(HydraConfig.get().overrides.task, target / "overrides.yaml")
