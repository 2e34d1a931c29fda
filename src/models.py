"""The models. Input (B, 1, 28, 28), output (B, num_classes) logits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from src.component import build, locate, parameters
from src.errors import UsageError
from src.runtime import derived_seed

PIXELS = 28 * 28


def build_model(config: Mapping[str, Any], seed: int) -> nn.Module:
    """The configured model with initial weights that depend on `seed` alone."""
    target = locate("model", config)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derived_seed(seed, "init"))
        model = build("model", target, **parameters(config))
    if not isinstance(model, nn.Module):
        raise UsageError(f"model._target_={config['_target_']}: made a {type(model).__name__}, not a torch.nn.Module")
    return model


def softmax(num_classes: int) -> nn.Module:
    """Multinomial logistic regression."""
    return nn.Sequential(nn.Flatten(), nn.Linear(PIXELS, num_classes))


def mlp(num_classes: int, hidden: list[int], dropout: float) -> nn.Module:
    """Fully connected ReLU layers of the `hidden` widths, dropout after each."""
    layers: list[nn.Module] = [nn.Flatten()]
    for inputs, outputs in zip([PIXELS, *hidden], hidden, strict=False):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        if dropout > 0:
            layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers, nn.Linear([PIXELS, *hidden][-1], num_classes))


def lenet(num_classes: int) -> nn.Module:
    """LeNet-5 (LeCun et al., 1998) as it is built today: ReLU, max pooling."""
    return nn.Sequential(
        nn.Conv2d(1, 6, kernel_size=5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, kernel_size=5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * 5 * 5, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, num_classes),
    )


def cnn(num_classes: int, dropout_conv: float, dropout_linear: float) -> nn.Module:
    """The network of the official PyTorch MNIST example."""
    return nn.Sequential(
        nn.Conv2d(1, 32, kernel_size=3),
        nn.ReLU(),
        nn.Conv2d(32, 64, kernel_size=3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(dropout_conv),
        nn.Flatten(),
        nn.Linear(64 * 12 * 12, 128),
        nn.ReLU(),
        nn.Dropout(dropout_linear),
        nn.Linear(128, num_classes),
    )
