"""Loss and accuracy of a model on a split."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from src.data.dataset import Dataset, Split
from src.training.device import Precision
from src.training.metrics import Metrics


def measure(model: nn.Module, split: Split, *, data: Dataset, batch_size: int, precision: Precision) -> Metrics:
    """Cross-entropy, without label smoothing, and accuracy of a model in evaluation mode; waits for the device."""
    losses = torch.zeros((), dtype=torch.float64, device=data.device)
    hits = torch.zeros((), dtype=torch.int64, device=data.device)
    indices = torch.arange(len(split), device=data.device)
    with torch.inference_mode(), precision.autocast(data.device):
        for images, labels in data.batches(split, indices, batch_size):
            logits = model(images)
            losses += functional.cross_entropy(logits.float(), labels, reduction="sum")
            hits += (logits.argmax(dim=1) == labels).sum()
    return Metrics(losses.item() / len(split), hits.item() / len(split))
