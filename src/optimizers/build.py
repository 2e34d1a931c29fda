"""Optimizers from config."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import nn
from torch.nn import Parameter

from src.config.instantiate import build, locate, parameters
from src.errors import UsageError
from src.optimizers.muon import MuonWithAdamW


def check_optimizer(config: Mapping[str, Any], model: nn.Module) -> None:
    """Refuses Muon where it would have nothing to do: a row called muon would be one of AdamW.

    Raises:
        UsageError: names the value and the remedy.
    """
    optimizer = build_optimizer(config, model.parameters())
    if isinstance(optimizer, MuonWithAdamW) and not optimizer.has_hidden:
        raise UsageError(
            f"optimizer={config['name']}: the model has no hidden weight matrix for Muon, all would be AdamW's; use "
            "optimizer=adamw, or a model with hidden linear layers"
        )


def build_optimizer(
    config: Mapping[str, Any], weights: Iterable[Parameter], *, fused: bool = False
) -> torch.optim.Optimizer:
    """The configured optimizer; with `fused`, its fused kernel where it has one.

    Raises:
        UsageError: the target is no optimizer, or refuses its parameters.
    """
    target = locate("optimizer", config)
    if not (inspect.isclass(target) and issubclass(target, torch.optim.Optimizer)):
        raise UsageError(f"optimizer._target_={config['_target_']}: is not a torch.optim.Optimizer")
    if inspect.signature(target.step).parameters["closure"].default is inspect.Parameter.empty:
        raise UsageError(
            f"optimizer={config['name']}: {target.__name__} needs a closure in every step, to evaluate the loss again, "
            "which the trainer does not give it; choose an optimizer that steps on one gradient"
        )
    arguments = parameters(config)
    if fused and "fused" in inspect.signature(target).parameters:
        arguments.setdefault("fused", True)
    optimizer: torch.optim.Optimizer = build("optimizer", target, list(weights), **arguments)
    return optimizer
