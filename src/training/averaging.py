"""Averages of the weights along a run, on torch's AveragedModel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_swa_multi_avg_fn, update_bn

from src.config.instantiate import build, locate, parameters
from src.config.schema import Config
from src.errors import UsageError


class WeightAverage:
    """The interface of an average, which stays empty here."""

    def __init__(self) -> None:
        self.model: AveragedModel | None = None  # None as long as nothing has been averaged

    def after_update(self, model: nn.Module) -> None:
        """After every update that happened."""

    def after_epoch(self, model: nn.Module, done: float) -> None:
        """After every epoch, `done` of the run being over."""

    def state_dict(self) -> dict[str, Any] | None:
        return None if self.model is None else self.model.state_dict()

    def load_state_dict(self, state: dict[str, Any] | None, model: nn.Module) -> None:
        self.model = None
        if state is not None:
            self._begun(model).load_state_dict(state)

    def _begun(self, model: nn.Module) -> AveragedModel:
        """The average, which begins empty: its first update makes it the weights of `model`."""
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
            raise ValueError(f"start={start:g} is no fraction of the run; give one from 0 to below 1")
        self._start = start

    def after_epoch(self, model: nn.Module, done: float) -> None:
        if done > self._start:
            self._begun(model).update_parameters(model)


class MovingAverage(WeightAverage):
    """After each update `decay` of the average and 1 - `decay` of the weights; it starts with the first update's."""

    def __init__(self, decay: float) -> None:
        super().__init__()
        if not 0 <= decay < 1:
            raise ValueError(f"decay={decay:g} must be from 0 to below 1")
        self._decay = decay

    @torch.no_grad()
    def after_update(self, model: nn.Module) -> None:
        if self.model is None:
            self._begun(model).update_parameters(model)
            return
        # What update_parameters does, without its copy of the counter to the device, which waits for the device.
        torch._foreach_lerp_(list(self.model.parameters()), list(model.parameters()), 1 - self._decay)
        for averaged, current in zip(self.model.module.buffers(), model.buffers(), strict=True):
            averaged.copy_(current)
        self.model.n_averaged += 1


def build_averaging(config: Mapping[str, Any]) -> WeightAverage:
    """The configured average.

    Raises:
        UsageError: the target is no average, or refuses its parameters.
    """
    target = locate("averaging", config)
    if not (isinstance(target, type) and issubclass(target, WeightAverage)):
        raise UsageError(f"averaging._target_={config['_target_']}: is not a subclass of src.averaging.WeightAverage")
    average: WeightAverage = build("averaging", target, **parameters(config))
    return average


def check_averaging(config: Config) -> None:
    """Refuses an average that cannot be built, or that the optimizer keeps itself.

    Raises:
        UsageError: names the value and the remedy.
    """
    average = build_averaging(config.averaging)
    if not isinstance(average, NoAveraging) and hasattr(locate("optimizer", config.optimizer), "eval"):
        raise UsageError(
            f"averaging={config.averaging['name']}: optimizer={config.optimizer['name']} averages the weights itself; "
            "use averaging=none"
        )


def recompute_batch_norm(model: nn.Module, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
    """Batch-norm statistics of the weights as they are, over `batches`; nothing happens in a model without them.

    The running statistics of a model are those of the weights it was trained with, not of an average of them.
    """
    update_bn(batches, model)
