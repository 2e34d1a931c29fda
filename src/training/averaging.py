"""Averages of the weights over a run, on torch's AveragedModel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel, get_swa_multi_avg_fn, update_bn

from src.config.instantiate import build, locate, parameters
from src.config.schema import Config
from src.errors import UsageError
from src.optimizers.build import is_schedule_free


class WeightAverage:
    """Base class of weight averages. Override a hook and call `_start(model).update_parameters(model)` in it."""

    def __init__(self) -> None:
        self.model: AveragedModel | None = None  # None until the first update

    def after_update(self, model: nn.Module) -> None:
        """After every successful update."""

    def after_epoch(self, model: nn.Module, fraction_done: float) -> None:
        """After every epoch; `fraction_done` of the run is over."""

    def state_dict(self) -> dict[str, Any] | None:
        return None if self.model is None else self.model.state_dict()

    def load_state_dict(self, state: dict[str, Any] | None, model: nn.Module) -> None:
        self.model = None
        if state is not None:
            self._start(model).load_state_dict(state)

    def _start(self, model: nn.Module) -> AveragedModel:
        """The average, created empty on the first call; its first update copies the weights of `model`."""
        if self.model is None:
            equal_mean = get_swa_multi_avg_fn()  # type: ignore[no-untyped-call]
            self.model = AveragedModel(model, multi_avg_fn=equal_mean)
        return self.model


class NoAveraging(WeightAverage):
    """Averages nothing."""


class EpochAverage(WeightAverage):
    """The equal mean of the weights after each epoch that ends past the fraction `start` of the run."""

    def __init__(self, start: float) -> None:
        super().__init__()
        if not 0 <= start < 1:
            raise ValueError(f"start={start:g} must be a fraction of the run: at least 0 and less than 1")
        self._start_fraction = start

    def after_epoch(self, model: nn.Module, fraction_done: float) -> None:
        if fraction_done > self._start_fraction:
            self._start(model).update_parameters(model)


class MovingAverage(WeightAverage):
    """The exponential moving average of the weights, updated after every step: `decay` of it is kept."""

    def __init__(self, decay: float) -> None:
        super().__init__()
        if not 0 <= decay < 1:
            raise ValueError(f"decay={decay:g} must be at least 0 and less than 1")
        self._decay = decay

    @torch.no_grad()
    def after_update(self, model: nn.Module) -> None:
        if self.model is None:
            self._start(model).update_parameters(model)
            return
        # The same as update_parameters without copying its counter to the device, which waits for the device.
        torch._foreach_lerp_(list(self.model.parameters()), list(model.parameters()), 1 - self._decay)
        for averaged, current in zip(self.model.module.buffers(), model.buffers(), strict=True):
            averaged.copy_(current)
        self.model.n_averaged += 1


def build_averaging(config: Mapping[str, Any]) -> WeightAverage:
    """The configured average.

    Raises:
        UsageError: the target is not a weight average, or rejects its parameters.
    """
    target = locate("averaging", config)
    if not (isinstance(target, type) and issubclass(target, WeightAverage)):
        raise UsageError(f"averaging._target_={config['_target_']}: is not a subclass of src.averaging.WeightAverage")
    average: WeightAverage = build("averaging", target, **parameters(config))
    return average


def check_averaging(config: Config, average: WeightAverage, optimizer: Optimizer) -> None:
    """Rejects an average on top of one that the optimizer keeps.

    Raises:
        UsageError: names the value and the remedy.
    """
    if is_schedule_free(optimizer) and not isinstance(average, NoAveraging):
        raise UsageError(
            f"averaging={config.averaging['name']}: optimizer={config.optimizer['name']} averages the weights itself; "
            "use averaging=none"
        )


def recompute_batch_norm(model: nn.Module, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
    """Recomputes batch-norm statistics over `batches`; does nothing in a model without batch norm.

    Running statistics belong to the weights a model was trained with, not to an average of them.
    """
    update_bn(batches, model)
