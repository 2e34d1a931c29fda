"""The task function of a sweep: one job, as a launcher starts it in the main process or in a worker."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from src.config.compose import load_config
from src.config.schema import Config
from src.errors import STORAGE_ERRORS, FolderInUseError, FolderTakenError, UsageError, storage_error
from src.runs.job import log_outcome, run_folder, run_here
from src.sweeps import workers
from src.sweeps.labels import run_label
from src.sweeps.pack_files import Compose, log_files, packed_run
from src.sweeps.parallelism import num_workers

if TYPE_CHECKING:
    from src.runs.record import RunRecord

log = logging.getLogger(__name__)


def run_job(
    cfg: DictConfig,
    varied: Collection[str] = (),
    packs: Mapping[str, Sequence[Sequence[str]]] | None = None,
    compose: Compose | None = None,
) -> None:
    """Runs one job, or a pack, unless the sweep is stopping. A failure affects only this; records hold the reasons.

    Args:
        cfg: The config of the job.
        varied: Keys that vary between the jobs of the sweep, for the lines that name this one.
        packs: The overrides of all jobs of a pack, by the absolute folder of the one that stands for it.
        compose: Composes the config of a job from its overrides.
    """
    sweep = Path(HydraConfig.get().sweep.dir)
    workers.install_worker_handlers(sweep)
    shares_queue = num_workers(HydraConfig.get().launcher) is not None
    workers.stop_others(sweep, shares_queue=shares_queue)  # a signal came between two jobs
    if not workers.is_stopping():
        with workers.busy():
            try:
                if packs and compose and (pack := packs.get(str(run_folder().resolve()))):
                    _run_pack([compose(overrides) for overrides in pack], varied)
                else:
                    _run(cfg, varied)
            except OSError as error:  # not even a record could be written; the other jobs may have more luck
                if error.errno not in STORAGE_ERRORS:
                    raise
                log.error("%s: %s", run_folder(), storage_error(error))
            workers.stop_others(sweep, shares_queue=shares_queue)


def _run(cfg: DictConfig, varied: Collection[str]) -> None:
    number, folder, config = HydraConfig.get().job.num + 1, run_folder(), load_config(cfg)
    workers_here = num_workers(HydraConfig.get().launcher)
    label = f"[{number}] {run_label(config, HydraConfig.get().overrides.task, varied)}: "
    result: RunRecord | UsageError
    try:
        result = run_here(cfg, config, folder, keep_waiting=_keep_waiting, num_workers=workers_here)
    except FolderInUseError:  # the sweep is stopping
        return
    except UsageError as error:
        result = error
    _log_result(config, folder, result, label)


def _run_pack(cfgs: Sequence[DictConfig], varied: Collection[str]) -> None:
    from src.runs.pack import run_pack  # imports torch

    number, workers_here = HydraConfig.get().job.num + 1, num_workers(HydraConfig.get().launcher)
    with log_files() as add_log_file, suppress(FolderInUseError):  # if the sweep is stopping
        members = [packed_run(cfg, add_log_file) for cfg in cfgs]
        labels = {
            run.folder: f"[{number}] {run_label(run.config, cfg.hydra.overrides.task, varied)}: "
            for run, cfg in zip(members, cfgs, strict=True)
        }
        results = run_pack(members, keep_waiting=_keep_waiting, num_workers=workers_here)
        for run, result in results:
            _log_result(run.config, run.folder, result, labels[run.folder])


def _log_result(config: Config, folder: Path, result: RunRecord | UsageError, label: str) -> None:
    if isinstance(result, FolderTakenError):
        log.error("%s%s", label, result)
    elif isinstance(result, UsageError):
        from src.runs.run import record_refusal

        log_outcome(record_refusal(config, folder, result), label)
    else:
        log_outcome(result, label)


def _keep_waiting() -> bool:
    return not workers.is_stopping()
