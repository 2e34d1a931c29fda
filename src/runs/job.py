"""A single run as Hydra starts it: config in, console messages and an exit status out."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from src import layout
from src.announce import announcing
from src.config.compose import load_config
from src.config.schema import Config
from src.errors import EXIT_FAILED, EXIT_INTERRUPTED, UsageError, ending_in_one_line
from src.files import write_text
from src.losses import format_loss

if TYPE_CHECKING:
    from src.runs.record import RunRecord

log = logging.getLogger(__name__)


def run_single(cfg: DictConfig) -> None:
    """Runs the composed config in Hydra's run folder.

    Raises:
        SystemExit: the run was refused, failed or was interrupted.
    """
    folder = run_folder()
    with ending_in_one_line(), _removing_if_refused(folder):
        config = load_config(cfg)
        _check_new(config, folder)
        record = run_here(cfg, config, folder, show="bar" if sys.stdout.isatty() else "lines")
    log_outcome(record)
    if record.status == "failed":
        log.error("Its traceback is the `error` in %s", folder / layout.RECORD)
    else:
        log.info("Results in %s", folder)
    status = {"interrupted": EXIT_INTERRUPTED, "failed": EXIT_FAILED}.get(record.status, 0)
    if status:
        raise SystemExit(status)


def _check_new(config: Config, folder: Path) -> None:
    """Refuses a run that cannot start before anything is written. A sweep checks its jobs before the first one."""
    with announcing("loading torch"):
        from src.runs.attempt import finished_record
        from src.runs.build import check_new

    if finished_record(config, folder, num_workers=1) is not None:
        return
    with announcing("checking the run"):
        check_new(config)


@contextmanager
def _removing_if_refused(folder: Path) -> Iterator[None]:
    """Removes the folder that Hydra created for a refused run, and its parents in the working folder, if empty."""
    try:
        yield
    except UsageError:
        own = [path for path in (folder, *folder.parents) if path.is_relative_to(Path.cwd()) and path != Path.cwd()]
        with suppress(OSError):  # not empty
            for path in own:
                path.rmdir()
        raise


def run_here(
    cfg: DictConfig,
    config: Config,
    folder: Path,
    *,
    show: str = "nothing",
    keep_waiting: Callable[[], bool] | None = None,
    num_workers: int | None = 1,
) -> RunRecord:
    """Runs the config in `folder` and returns its record. Arguments as for `src.runs.run.run`."""
    from src.runs.run import run

    return run(
        config,
        folder,
        show=show,
        keep_waiting=keep_waiting,
        num_workers=num_workers,
        on_claim=lambda: write_hydra_config(cfg, HydraConfig.get(), folder),
    )


def run_folder() -> Path:
    return Path(HydraConfig.get().runtime.output_dir)


def log_outcome(record: RunRecord, label: str = "") -> None:
    """Logs how a run ended; `label` goes before each line."""
    if record.test_accuracy is not None:
        metrics = _metrics("test", record.test_accuracy, record.test_loss)
        log.info("%s%s, %.1f s of training", label, metrics, record.train_seconds)
        _log_average("test", record.averaged_test_accuracy, record.averaged_test_loss, label)
    elif record.status == "completed":
        log.info("%s%s, not tested", label, _metrics("validation", record.val_accuracy, record.val_loss))
        _log_average("validation", record.averaged_val_accuracy, record.averaged_val_loss, label)
    elif record.status == "diverged":
        log.warning("%sdiverged: the loss is not finite; try a smaller optimizer.lr", label)
    elif record.status == "hopeless":
        log.warning("%shopeless: no better than guessing after %d updates, stopped", label, record.steps)
    elif record.status == "interrupted":
        log.warning("%sinterrupted at update %d; run the same command to resume", label, record.steps)
    else:
        log.error("%sfailed: %s", label, record.error_line)


def _log_average(kind: str, accuracy: float | None, loss: float | None, label: str) -> None:
    if accuracy is not None:
        log.info("%saveraged weights: %s", label, _metrics(kind, accuracy, loss))


def _metrics(kind: str, accuracy: float | None, loss: float | None) -> str:
    """`test accuracy 98.73%, test loss 0.0412`."""
    return f"{kind} accuracy {100 * (accuracy or 0):.2f}%, {kind} loss {format_loss(loss or 0)}"


def write_hydra_config(cfg: DictConfig, hydra: Any, folder: Path) -> None:
    """Writes the three files that Hydra writes by default, but only once the folder is known to be free."""
    target = folder / layout.HYDRA
    write_text(target / "config.yaml", OmegaConf.to_yaml(cfg))
    write_text(target / "hydra.yaml", OmegaConf.to_yaml(DictConfig({"hydra": hydra})))
    write_text(target / "overrides.yaml", OmegaConf.to_yaml(hydra.overrides.task))
