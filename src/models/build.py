"""Models built from config."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from src.config.instantiate import build, locate, parameters
from src.config.schema import Config
from src.errors import UsageError
from src.models.initialization import AS_BUILT, initialize
from src.models.networks import SIDE
from src.seeding import derived_seed


def build_model(config: Mapping[str, Any], seed: int) -> nn.Module:
    """The configured model, with initial weights that depend only on `seed`."""
    target = locate("model", config)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derived_seed(seed, "init"))
        model = build("model", target, **parameters(config, without=("init",)))
        if not isinstance(model, nn.Module):
            kind = type(model).__name__
            raise UsageError(f"model._target_={config['_target_']}: returned a {kind}, not a torch.nn.Module")
        initialize(model, config.get("init", AS_BUILT))
    return model


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
        hint = "; the last batch of an epoch has one example: choose another batch_size" if batch == 1 else ""
        raise UsageError(f"model={name} rejects images of shape {tuple(images.shape)}: {reason}{hint}") from error
    expected = (batch, config.data.num_classes)
    if shape != expected:
        raise UsageError(f"model={name} returns a tensor of shape {shape}; it must return logits of shape {expected}")
