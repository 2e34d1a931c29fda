"""Objects from config, and what is said where that fails."""

from __future__ import annotations

from typing import Literal

import pytest
import torch

from src.component import admits, build, locate
from src.errors import UsageError


@pytest.mark.parametrize(
    ("annotation", "value", "fits"),
    [
        (int, 3, True),
        (int, 3.0, False),
        (int, True, False),
        (float, 3, True),
        (float, "3", False),
        (float, True, False),
        (bool, True, True),
        (bool, 1, False),
        (str, "a", True),
        (int | None, None, True),
        (int, None, False),
        (float | torch.Tensor, 0.1, True),
        (float | torch.Tensor, "0.1", False),
        (Literal["min", "max"], "min", True),
        (Literal["min", "max"], "mid", False),
        (list[int], [1, 2], True),
        (list[int], [1, "2"], False),
        (tuple[float, float], [0.9, 0.99], True),
    ],
)
def test_admits(annotation: object, value: object, fits: bool) -> None:
    assert admits(annotation, value) is fits


def lr_of(weights: list[float], *, lr: float, decay: int = 2) -> float:
    if lr < 0:
        raise ValueError(f"lr {lr} is negative")
    return lr / decay


def test_build_calls_the_target() -> None:
    assert build("optimizer", lr_of, [0.0], lr=1.0, decay=4) == 0.25


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"lr": "large"}, "optimizer.lr='large': must be a number"),
        ({"lr": 0.1, "decay": 0.5}, "optimizer.decay=0.5: must be a whole number"),
        ({"lr": 0.1, "gama": 1}, "optimizer.gama: no such parameter; lr_of takes lr, decay"),
        ({}, "optimizer: lr_of needs lr"),
        ({"lr": -1}, "optimizer: lr_of refuses its parameters: lr -1 is negative"),
        ({"lr": 1, "decay": 0}, "division by zero"),
    ],
)
def test_build_names_the_argument_at_fault(arguments: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError) as refusal:
        build("optimizer", lr_of, [0.0], **arguments)
    assert says in str(refusal.value)


@pytest.mark.parametrize("target", ["torch.optim.SGDD", "no_such_module.Thing", "torch.pi"])
def test_a_target_that_is_not_there_is_named(target: str) -> None:
    with pytest.raises(UsageError, match=rf"model._target_={target}"):
        locate("model", {"_target_": target})
