"""What the current epoch has logged, kept on the device until the epoch ends."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from src.training.metrics import Metrics


class EpochLog:
    """Learning rates, losses and predictions of the current epoch's updates.

    Nothing is copied from the device per update, so that the loop never waits for it. An epoch's logits take 2 MB on
    MNIST; keeping them costs less than computing the accuracy batch by batch.
    """

    def __init__(self) -> None:
        self.lrs: list[float] = []  # one per update
        self.losses: list[Tensor] = []  # one scalar per update, on the device
        self._logits: list[Tensor] = []  # one per batch
        self._labels: list[Tensor] = []

    def add_batch(self, logits: Tensor, labels: Tensor) -> None:
        self._logits.append(logits.detach())
        self._labels.append(labels)

    def add_update(self, lr: float, loss: Tensor) -> None:
        self.lrs.append(lr)
        self.losses.append(loss)

    def metrics(self, num_examples: int, update_size: int) -> Metrics:
        """Means over the epoch so far; waits for the device once.

        Args:
            num_examples: Size of the training set; an epoch's last update may have fewer than `update_size` examples.
            update_size: Examples per update.
        """
        updates = len(self.losses)
        sizes = torch.full((updates,), update_size, dtype=torch.float64)
        examples = min(updates * update_size, num_examples)
        sizes[-1] -= updates * update_size - examples
        losses = torch.stack(self.losses).cpu().double()
        hits = (torch.cat(self._logits).argmax(dim=1) == torch.cat(self._labels)).sum().item()
        return Metrics(float(losses @ sizes) / examples, hits / examples)

    def clear(self) -> None:
        self.lrs, self.losses, self._logits, self._labels = [], [], [], []

    def state_dict(self) -> dict[str, Any]:
        return {
            "lrs": list(self.lrs),
            "losses": torch.stack(self.losses),
            "logits": torch.cat(self._logits),
            "labels": torch.cat(self._labels),
        }

    def load_state_dict(self, state: dict[str, Any], device: torch.device) -> None:
        self.lrs = list(state["lrs"])
        self.losses = list(state["losses"].to(device).unbind())
        self._logits, self._labels = [state["logits"].to(device)], [state["labels"].to(device)]
