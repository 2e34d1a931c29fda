"""A curve to draw."""

from __future__ import annotations

import math

from src.schedules.preview import Curve


def make_curve(scheduler: str = "cosine", updates: int = 40, note: str = "") -> Curve:
    lrs = [0.1 * math.cos(0.5 * math.pi * step / updates) for step in range(updates)]
    return Curve(scheduler, lrs, updates_per_epoch=10, peak=0.1, length=updates / 10, note=note)
