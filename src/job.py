"""One job as Hydra starts it: config, run, and what is said and returned at its end."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from src import config
from src.errors import FolderTakenError, UsageError

log = logging.getLogger(__name__)

EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED = 1, 2, 130


def run_job(cfg: DictConfig) -> None:
    """Runs one job. In a multirun a failure costs the job's own row: only its record tells of it.

    Raises:
        SystemExit: a single run was refused, failed or was interrupted; a job's folder belongs to another run.
        KeyboardInterrupt: a job of a multirun was interrupted, so that the rest is not started.
    """
    from src import experiment

    hydra_config = HydraConfig.get()
    folder = Path(hydra_config.runtime.output_dir)
    alone = hydra_config.mode == RunMode.RUN
    try:
        run = config.load(cfg)
        if experiment.finished_record(run, folder) is None:
            _write_hydra_config(cfg, folder)
        show = ("bar" if sys.stdout.isatty() else "lines") if alone else "nothing"
        record = experiment.run(run, folder, show=show)
    except FolderTakenError as error:
        raise SystemExit(refuse(error)) from None
    except UsageError as error:
        if alone:
            raise SystemExit(refuse(error)) from None
        record = experiment.record_refusal(run, folder, error)

    label = "" if alone else f"[{hydra_config.job.num + 1}] {record.scheduler} seed={record.seed}: "
    if record.status == "completed":
        log.info(
            "%stest accuracy %.2f %%, test loss %.4f, %.1f s of training",
            label, 100 * (record.test_accuracy or 0.0), record.test_loss, record.train_seconds,
        )  # fmt: skip
    elif record.status == "diverged":
        log.info(
            "%sdiverged: the loss is not finite after epoch %s; a smaller optimizer.lr may help", label, record.steps
        )
    elif record.status == "failed":
        log.error("%sfailed: %s", label, (record.error or "").strip().splitlines()[-1])
    else:
        log.warning("%sinterrupted; the same command goes on from here", label)
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


def _write_hydra_config(cfg: DictConfig, folder: Path) -> None:
    """The three files that Hydra itself would write, had it known that the folder is free."""
    target = folder / ".hydra"
    target.mkdir(parents=True, exist_ok=True)
    OmegaConf.save(cfg, target / "config.yaml")
    OmegaConf.save(DictConfig({"hydra": HydraConfig.get()}), target / "hydra.yaml")
    OmegaConf.save(HydraConfig.get().overrides.task, target / "overrides.yaml")
