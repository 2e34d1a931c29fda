"""Optimizers from config."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch.nn import Parameter

from src.component import build, locate, parameters
from src.errors import UsageError


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
    arguments = parameters(config)
    if fused and "fused" in inspect.signature(target).parameters:
        arguments.setdefault("fused", True)
    optimizer: torch.optim.Optimizer = build("optimizer", target, list(weights), **arguments)
    return optimizer
