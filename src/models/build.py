"""Models built from config."""

from __future__ import annotations

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
    """The configured model with initial weights that depend on `seed` alone."""
    target = locate("model", config)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derived_seed(seed, "init"))
        model = build("model", target, **parameters(config, without=("init",)))
        if not isinstance(model, nn.Module):
            made = type(model).__name__
            raise UsageError(f"model._target_={config['_target_']}: made a {made}, not a torch.nn.Module")
        initialize(model, config.get("init", AS_BUILT))
    return model


def checked_model(config: Config) -> nn.Module:
    """The model, refused where it cannot be built or cannot be trained on the smallest batch of an epoch.

    Raises:
        UsageError: names the value and the remedy.
    """
    model, name = build_model(config.model, config.seed), config.model["name"]
    batch = min(2, config.data.train_size % config.batch_size or config.batch_size)
    images = torch.zeros(batch, 1, SIDE, SIDE)
    try:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            shape = tuple(model(images).shape)
    except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        said = str(error).partition("\n")[0]
        hint = "; the last batch of an epoch has one example: choose another batch_size" if batch == 1 else ""
        raise UsageError(f"model={name} does not take images of shape {tuple(images.shape)}: {said}{hint}") from error
    if shape != (batch, config.data.num_classes):
        wanted = (batch, config.data.num_classes)
        raise UsageError(f"model={name} makes an output of shape {shape}; it must be the logits, of shape {wanted}")
    return model
