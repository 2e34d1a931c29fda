"""Draws a chart: all schedules in one panel while they can be told apart, otherwise a panel for each."""

from __future__ import annotations

from matplotlib.figure import Figure

from src.analysis.figures.chart import Chart, join_equal
from src.analysis.figures.multiples import draw_multiples
from src.analysis.figures.overlay import draw_overlay
from src.analysis.figures.style import Palette

MAX_OVERLAID = 8  # schedules in one panel


def draw_chart(chart: Chart, styles: Palette) -> Figure:
    chart = join_equal(chart)
    return (draw_overlay if len(chart.labels) <= MAX_OVERLAID else draw_multiples)(chart, styles)
