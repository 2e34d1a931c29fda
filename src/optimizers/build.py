"""Optimizers built from config."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from torch import Tensor, nn
from torch.nn import Parameter
from torch.optim import Optimizer

from src.config.instantiate import build, locate, parameters
from src.errors import UsageError
from src.optimizers.compiler import leave_out_compiler
from src.optimizers.hidden import hidden_weights
from src.optimizers.muon import MuonWithAdamW


def weights_to_optimize(
    config: Mapping[str, Any], model: nn.Module, images: Tensor
) -> list[Parameter] | list[dict[str, Any]]:
    """The model's weights as the configured optimizer takes them: for Muon, hidden weights in a group of their own.

    Args:
        config: The optimizer.
        model: Left as it is.
        images: What a forward pass of the model accepts.

    Raises:
        UsageError: for Muon, which weights are hidden is unknown.
    """
    weights = list(model.parameters())
    target = locate("optimizer", config)
    if not (inspect.isclass(target) and issubclass(target, MuonWithAdamW)):
        return weights
    hidden = hidden_weights(model, images)
    ids = set(map(id, hidden))
    others = [weight for weight in weights if id(weight) not in ids]
    return [{"params": hidden, "use_muon": True}, {"params": others, "use_muon": False}]


def build_optimizer(
    config: Mapping[str, Any], weights: Iterable[Parameter] | Iterable[dict[str, Any]], *, fused: bool = False
) -> Optimizer:
    """The configured optimizer, with its fused kernel if `fused` and it has one.

    Args:
        config: The optimizer.
        weights: From `weights_to_optimize`.
        fused: Whether to use a fused kernel.

    Raises:
        UsageError: the target is not an optimizer that steps without a closure, or rejects its parameters.
    """
    leave_out_compiler()
    target = locate("optimizer", config)
    if not (inspect.isclass(target) and issubclass(target, Optimizer)):
        raise UsageError(f"optimizer._target_={config['_target_']}: is not a torch.optim.Optimizer")
    if inspect.signature(target.step).parameters["closure"].default is inspect.Parameter.empty:
        raise UsageError(
            f"optimizer={config['name']}: {target.__name__} needs a closure that evaluates the loss again in every "
            "step, which the trainer does not provide; choose an optimizer that steps on one gradient"
        )
    arguments = parameters(config)
    if fused and "fused" in inspect.signature(target).parameters:
        arguments.setdefault("fused", True)
    optimizer: Optimizer = build("optimizer", target, list(weights), **arguments)
    return optimizer


def check_optimizer(config: Mapping[str, Any], optimizer: Optimizer) -> None:
    """Rejects a momentum of 1 or more, which torch accepts, and Muon on a model without hidden weights.

    The row of such a Muon would show AdamW's result.

    Raises:
        UsageError: names the value and the remedy.
    """
    momentum = optimizer.defaults.get("momentum")
    if isinstance(momentum, int | float) and not 0 <= momentum < 1:
        raise UsageError(f"optimizer.momentum={momentum:g}: must be at least 0 and less than 1")
    if isinstance(optimizer, MuonWithAdamW) and not optimizer.has_hidden:
        raise UsageError(
            f"optimizer={config['name']}: the model has no weights between its input and output layers for Muon, so "
            "AdamW would train all of it; use optimizer=adamw, or a model with hidden layers"
        )


def is_schedule_free(optimizer: Optimizer) -> bool:
    """Whether the optimizer averages the weights itself and must be switched between training and evaluation."""
    return callable(getattr(optimizer, "eval", None))
