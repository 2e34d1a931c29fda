"""Optimizers from config."""

from __future__ import annotations

import pytest
import torch

from src.errors import UsageError
from src.optimizers import build_optimizer
from tests.conftest import make_config

CLASSES = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}


def weight() -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.ones(2))


@pytest.mark.parametrize("name", CLASSES)
def test_optimizer_takes_its_values_from_the_config(name: str) -> None:
    optimizer = build_optimizer(make_config(f"optimizer={name}", "optimizer.lr=0.25").optimizer, [weight()], fused=True)
    assert type(optimizer) is CLASSES[name]
    assert optimizer.param_groups[0]["lr"] == 0.25
    assert optimizer.param_groups[0]["fused"] is True


def test_an_optimizer_without_a_fused_kernel_is_built_plainly() -> None:
    config = {"name": "adadelta", "_target_": "torch.optim.Adadelta", "lr": 1.0}
    assert isinstance(build_optimizer(config, [weight()], fused=True), torch.optim.Adadelta)


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("optimizer.momentum=high", "optimizer.momentum='high': must be a number"),
        ("optimizer.momentum=-1", "Invalid momentum value"),
        ("optimizer.nesterov=1", "optimizer.nesterov=1: must be true or false"),
        ("optimizer._target_=torch.nn.Linear", "is not a torch.optim.Optimizer"),
    ],
)
def test_an_optimizer_that_cannot_be_built_is_refused(override: str, says: str) -> None:
    with pytest.raises(UsageError) as refusal:
        build_optimizer(make_config(override).optimizer, [weight()])
    assert says in str(refusal.value)
