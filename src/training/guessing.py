"""What guessing achieves: the validation of a network that has learned nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from src.training.metrics import EpochResult

_STANDARD_ERRORS = 3  # a larger lead over the most frequent class is not luck


@dataclass(frozen=True)
class Guessing:
    """The best that can be done without looking at the images.

    Attributes:
        loss: Cross-entropy of always predicting the frequencies of the classes: ln(num_classes) if they are equal.
        accuracy: Accuracy of always predicting the most frequent class.
        num_examples: Number of validation examples.
    """

    loss: float
    accuracy: float
    num_examples: int

    def is_as_good_as(self, result: EpochResult) -> bool:
        """Whether a network is no better than guessing, in the loss and, beyond luck, in the accuracy.

        The loss alone is not enough: that of a network which is sure of its few errors can be above any bound.
        """
        luck = math.sqrt(self.accuracy * (1 - self.accuracy) / self.num_examples)
        return result.val_loss >= self.loss and result.val_accuracy <= self.accuracy + _STANDARD_ERRORS * luck


def guessing(labels: Tensor) -> Guessing:
    """What guessing achieves on examples with these labels."""
    shares = labels.bincount().double() / len(labels)
    present = shares[shares > 0]
    return Guessing(float(-(present * present.log()).sum()), float(shares.max()), len(labels))
