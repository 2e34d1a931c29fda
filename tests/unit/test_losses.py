"""Losses as text."""

from __future__ import annotations

import math

import pytest

from src.losses import format_loss


@pytest.mark.parametrize(
    ("loss", "text"),
    [(0.03179, "0.0318"), (999.25, "999.2500"), (1000.0, "1e+03"), (9325066058926.1133, "9.33e+12"), (math.nan, "nan")],
)
def test_large_loss_is_short(loss: float, text: str) -> None:
    assert format_loss(loss) == text
