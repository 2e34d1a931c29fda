"""The hidden weights of a model, which Muon trains: matrices and filters between the input and the output layer."""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import Parameter

from src.errors import UsageError

_LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.MultiheadAttention)


def hidden_weights(model: nn.Module, images: Tensor) -> list[Parameter]:
    """Weights of linear, convolution and attention layers, except the input and the output layer.

    Those are the first and the last of these layers that a forward pass calls, in whatever order the model registers
    them. Norms, embeddings and bare parameters are not hidden weights.

    Args:
        model: Left as it is.
        images: What a forward pass of the model accepts.

    Raises:
        UsageError: a forward pass never calls one of the layers, so it may be the input or the output layer.
    """
    attention = [layer for layer in model.modules() if isinstance(layer, nn.MultiheadAttention)]
    inner = {id(part) for layer in attention for part in layer.children()}
    layers = {
        name: layer
        for name, layer in model.named_modules()
        if isinstance(layer, _LAYERS) and id(layer) not in inner  # attention uses its output projection's weight itself
    }
    called = _calls(model, images, layers)
    if never_called := [name or type(layer).__name__ for name, layer in layers.items() if name not in called]:
        raise UsageError(
            f"a forward pass of the model never calls {', '.join(never_called)}, so Muon cannot tell whether "
            "these are hidden layers; call them as modules, remove them, or use optimizer=adamw"
        )
    ends = {id(weight) for name in (*called[:1], *called[-1:]) for weight in layers[name].parameters()}
    weights = dict.fromkeys(weight for layer in layers.values() for weight in _matrices(layer))
    return [weight for weight in weights if id(weight) not in ends]


def _calls(model: nn.Module, images: Tensor, layers: Iterable[str]) -> list[str]:
    """Names of the layers in the order in which a forward pass calls them."""
    calls: list[str] = []
    probe = copy.deepcopy(model).eval()
    for name in layers:
        probe.get_submodule(name).register_forward_pre_hook(functools.partial(_record, calls, name))
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        probe(images)
    return calls


def _record(calls: list[str], name: str, layer: nn.Module, arguments: object) -> None:
    calls.append(name)


def _matrices(layer: nn.Module) -> list[Parameter]:
    return [weight for name, weight in layer.named_parameters() if name.endswith("weight") and weight.ndim >= 2]
