"""From a config to the parts of a run, and to the trainer that owns them."""

from __future__ import annotations

import logging
from pathlib import Path

import torch
from torch import nn
from torch.optim import Optimizer

from src.config.schema import Config
from src.data import dataset
from src.errors import UsageError
from src.models.build import build_model, check_model
from src.models.networks import SIDE
from src.optimizers.build import build_optimizer, check_optimizer, weights_to_optimize
from src.schedules.driver import build_schedule
from src.schedules.preflight import preflight
from src.signals import Stop
from src.training.averaging import build_averaging, check_averaging
from src.training.callbacks import Callback, build_callbacks, check_callbacks
from src.training.checkpoint import Checkpoint
from src.training.console import EpochLines, ProgressBar
from src.training.device import FP32, Precision, configure_torch, select_device, select_precision
from src.training.parts import Parts
from src.training.tracking import History, TensorBoard
from src.training.trainer import Trainer

log = logging.getLogger(__name__)

_CONSOLE: dict[str, list[type[Callback]]] = {"bar": [ProgressBar], "lines": [EpochLines], "nothing": []}


def build(config: Config, device: torch.device, precision: Precision = FP32) -> Parts:
    """Builds the parts of a run, without its data, and inspects them.

    Raises:
        UsageError: a part cannot be built, or would fail in training. Names the value and the remedy.
    """
    check_callbacks(config)
    model, optimizer = build_model_and_optimizer(config, device, precision)
    averaging = build_averaging(config.averaging)
    check_averaging(config, averaging, optimizer)
    schedule = build_schedule(config, optimizer)
    preflight(config, schedule)
    return Parts(model, optimizer, schedule, averaging)


def build_model_and_optimizer(
    config: Config, device: torch.device, precision: Precision = FP32
) -> tuple[nn.Module, Optimizer]:
    """The model on `device`, in its memory format, and the optimizer of its weights.

    Raises:
        UsageError: as `build` does.
    """
    model = build_model(config.model, config.seed)
    check_model(config, model)
    model = model.to(device)
    if config.trainer.channels_last:
        model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    # torch's fused SGD leaves its momentum uninitialized if the loss scaler skips the first update.
    fused = config.trainer.fused and not precision.scales_gradients
    weights = weights_to_optimize(config.optimizer, model, torch.zeros(2, 1, SIDE, SIDE, device=device))
    optimizer = build_optimizer(config.optimizer, weights, fused=fused)
    check_optimizer(config.optimizer, optimizer)
    return model, optimizer


def check(config: Config, *, runs_here: bool = True) -> None:
    """Builds a run's parts and discards them, so that a sweep rejects what cannot run before its first job.

    Args:
        config: The run.
        runs_here: False if it will run on another machine, whose devices are unknown.

    Raises:
        UsageError: as `build` does.
    """
    if runs_here:
        select_precision(config.trainer.precision, select_device(config.trainer.device))
    build(config, torch.device("cpu"))


def check_new(config: Config, *, runs_here: bool = True) -> None:
    """`check` of a run that is about to start. What the user's code raises is left to the run, which records it.

    Raises:
        UsageError: as `build` does.
    """
    try:
        check(config, runs_here=runs_here)
    except UsageError:
        raise
    except Exception:
        log.debug("The user's code failed; the run will record it", exc_info=True)


def build_trainer(config: Config, folder: Path, show: str = "nothing", stop: Stop | None = None) -> Trainer:
    """The trainer of a run in `folder`, with everything that records it.

    Args:
        config: The run.
        folder: Where its files go.
        show: Console progress: "bar" (and lines), "lines" or "nothing".
        stop: Polled after every update.
    """
    device, precision = _device_and_precision(config)
    parts = build(config, device, precision)
    callbacks = [
        *(callback() for callback in _CONSOLE[show]),
        History(folder),
        TensorBoard(folder, _hparams(config, precision)),
        *build_callbacks(config),
        Checkpoint(folder),  # last: a checkpoint is never ahead of the other files
    ]
    return Trainer(config, parts, dataset.load(config.data, device), precision, callbacks, stop)


def build_bare_trainer(config: Config) -> Trainer:
    """A trainer that leaves no files and calls no callbacks."""
    device, precision = _device_and_precision(config)
    return Trainer(config, build(config, device, precision), dataset.load(config.data, device), precision)


def _device_and_precision(config: Config) -> tuple[torch.device, Precision]:
    device = select_device(config.trainer.device)
    precision = select_precision(config.trainer.precision, device)
    configure_torch(config.trainer, precision)
    return device, precision


def _hparams(config: Config, precision: Precision) -> dict[str, str | float | bool]:
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
