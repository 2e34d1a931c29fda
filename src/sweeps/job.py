"""The task function of a sweep: one job, as a launcher starts it in the main process or in a worker."""

from __future__ import annotations

import logging
from collections.abc import Collection
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from src.config.compose import load_config
from src.errors import STORAGE_ERRORS, FolderInUseError, FolderTakenError, UsageError, storage_error
from src.runs.job import log_outcome, run_folder, run_here
from src.sweeps import workers
from src.sweeps.labels import run_label
from src.sweeps.parallelism import num_workers

log = logging.getLogger(__name__)


def run_job(cfg: DictConfig, varied: Collection[str] = ()) -> None:
    """Runs one job, unless the sweep is stopping. A failure affects only this job; its record holds the reason.

    Args:
        cfg: The config of the job.
        varied: Keys that vary between the jobs of the sweep, for the lines that name this one.
    """
    sweep = Path(HydraConfig.get().sweep.dir)
    workers.install_worker_handlers(sweep)
    if not workers.is_stopping():
        with workers.busy():
            try:
                _run(cfg, varied)
            except OSError as error:  # not even a record could be written; the other jobs may have more luck
                if error.errno not in STORAGE_ERRORS:
                    raise
                log.error("%s: %s", run_folder(), storage_error(error))
            workers.stop_others_if_unread(sweep)


def _run(cfg: DictConfig, varied: Collection[str]) -> None:
    number, folder, config = HydraConfig.get().job.num + 1, run_folder(), load_config(cfg)
    workers_here = num_workers(HydraConfig.get().launcher)
    label = f"[{number}] {run_label(config, HydraConfig.get().overrides.task, varied)}: "
    try:
        record = run_here(cfg, config, folder, keep_waiting=_keep_waiting, num_workers=workers_here)
    except FolderInUseError:  # the sweep is stopping
        return
    except FolderTakenError as error:
        log.error("%s%s", label, error)
        return
    except UsageError as error:
        from src.runs.run import record_refusal

        record = record_refusal(config, folder, error)
    log_outcome(record, label)


def _keep_waiting() -> bool:
    return not workers.is_stopping()
