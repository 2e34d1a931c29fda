"""Line styles of schedules."""

from __future__ import annotations

from src.analysis.figures.style import STYLES


def test_at_least_thirty_schedules_have_distinct_styles() -> None:
    assert len(set(STYLES)) >= 30
