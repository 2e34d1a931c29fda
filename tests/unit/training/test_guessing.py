"""What guessing achieves."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from src.training.guessing import guessing
from src.training.metrics import EpochResult

RESULT = EpochResult(1, 10, 0.1, 2.3, 0.1, math.log(10), 0.1, 1.0)
EQUAL = guessing(torch.arange(10).repeat(100))


def test_equal_classes_have_a_loss_of_ln_num_classes() -> None:
    assert EQUAL.loss == pytest.approx(math.log(10))
    assert EQUAL.accuracy == pytest.approx(0.1)


def test_unequal_and_absent_classes_lower_the_loss() -> None:
    uneven = guessing(torch.tensor([0, 0, 0, 2]))
    assert uneven.loss == pytest.approx(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25)))
    assert uneven.accuracy == 0.75


@pytest.mark.parametrize(
    ("loss", "accuracy", "is_hopeless"),
    [
        (2.31, 0.10, True),
        (2.29, 0.10, False),  # it began to learn
        (2.31, 0.12, True),  # three standard errors of 1,000 guesses are 0.028
        (9.0, 0.13, False),  # sure of its errors, but better than guessing
        (1e9, 0.08, True),
    ],
)
def test_loss_and_accuracy_must_both_be_no_better(loss: float, accuracy: float, is_hopeless: bool) -> None:
    assert EQUAL.is_as_good_as(replace(RESULT, val_loss=loss, val_accuracy=accuracy)) is is_hopeless
