"""Everything a run is made of except its data."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn
from torch.optim import Optimizer

from src.schedules.driver import Schedule
from src.training.averaging import WeightAverage


@dataclass(frozen=True)
class Parts:
    model: nn.Module
    optimizer: Optimizer
    schedule: Schedule
    averaging: WeightAverage
