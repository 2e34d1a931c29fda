"""Models built from config."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from src.config.instantiate import build, locate, parameters
from src.config.schema import Config
from src.errors import UsageError
from src.models.initialization import AS_BUILT, initialize
from src.models.networks import SIDE
from src.seeding import derived_seed


def build_model(config: Mapping[str, Any], seed: int) -> nn.Module:
    """The configured model, with initial weights that depend only on `seed`."""
    target = locate("model", config)
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Initializing zero-element")  # `_check_sizes` rejects such a model
        torch.manual_seed(derived_seed(seed, "init"))
        model = build("model", target, **parameters(config, without=("init",)))
        if not isinstance(model, nn.Module):
            kind = type(model).__name__
            raise UsageError(f"model._target_={config['_target_']}: returned a {kind}, not a torch.nn.Module")
        _check_sizes(config, model)
        initialize(model, config.get("init", AS_BUILT))
    return model


def _check_sizes(config: Mapping[str, Any], model: nn.Module) -> None:
    for name, weights in model.named_parameters():
        if not is_lazy(weights) and weights.numel() == 0:
            sizes = ", ".join(f"model.{key}={value}" for key, value in parameters(config, without=("init",)).items())
            raise UsageError(f"model={config['name']}: its layer {name} is empty, from {sizes}; sizes must be positive")


def check_model(config: Config, model: nn.Module) -> None:
    """Rejects a model that cannot be trained on the smallest batch of an epoch. Leaves the model as it is.

    Raises:
        UsageError: names the value and the remedy.
    """
    name = config.model["name"]
    batch = min(2, config.data.train_size % config.batch_size or config.batch_size)
    images = torch.zeros(batch, 1, SIDE, SIDE)
    try:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            shape = tuple(copy.deepcopy(model)(images).shape)  # a copy, for the running statistics of batch norm
    except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        last_batch = "the last batch of an epoch has one example: choose another batch_size"
        remedy = last_batch if batch == 1 else "change its parameters"
        raise UsageError(f"model={name} rejects images of shape {tuple(images.shape)}: {reason}; {remedy}") from error
    expected = (batch, config.data.num_classes)
    if shape != expected:
        raise UsageError(f"model={name} returns a tensor of shape {shape}; it must return logits of shape {expected}")
