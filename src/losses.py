"""Losses as text."""

from __future__ import annotations

LARGE_LOSS = 1000  # from here on its digits say less than its size


def format_loss(loss: float) -> str:
    """`0.0318`, or `1.23e+10`."""
    return format(loss, ".3g" if abs(loss) >= LARGE_LOSS else ".4f")
