"""Curves of a few schedules in one panel per metric."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from src.analysis.figures.chart import Chart, Metric, Series
from src.analysis.figures.end_labels import label_ends
from src.analysis.figures.panels import legend, limit_axis, panels
from src.analysis.figures.style import Palette, Style, series_id
from src.analysis.figures.zoom import describe_outside, find_limits

NOTE_COLOR = "#555555"
MARKED_POINTS = 12  # with more points, markers are spaced evenly along the curve
_NOTE_SIZE = 8.5  # points
_LABELED_WIDTH = 1.3  # inches, for labels at the ends


def draw_overlay(chart: Chart, styles: Palette) -> Figure:
    """All curves of a metric in one panel, with labels at their ends in the last panel and a legend."""
    count = len(chart.metrics)
    figure, row = panels(chart.title, count, width=5.2 if count > 1 else 7.2)
    figure.set_figwidth(figure.get_figwidth() + _LABELED_WIDTH * (count > 1))
    for axes, metric in zip(row, chart.metrics, strict=True):
        for number, series in enumerate(metric.series):
            draw_series(axes, series, styles[series.name], metric, number, crosses_at=1.02 + 0.025 * number)
        axes.set(xlabel=chart.xlabel, ylabel=metric.label)
        chart.prepare(axes)
        limit_axis(axes, metric, find_limits(metric))
        _describe_limits(axes, metric, chart.labels)
    label_ends(row[-1], chart.metrics[-1].series, chart.labels, styles)
    legend(figure, chart.labels, styles, heading="\n".join([*chart.notes, chart.heading]))
    return figure


def draw_series(
    axes: Axes, series: Series, style: Style, metric: Metric, number: int = 0, crosses_at: float = 0.94
) -> None:
    """Draws the curve, its interval, its single runs and the places without a result.

    Args:
        axes: The panel.
        series: The curve.
        style: Of the curve.
        metric: What the series belongs to.
        number: Of the series in the panel; moves markers that would hide those of others.
        crosses_at: The height of the crosses as a fraction of the panel.
    """
    gid, color = series_id(series.name), style["color"]
    every = 1 if metric.has_points and len(series.x) <= MARKED_POINTS else (0.03 * number, 0.25)
    drawstyle = "steps-post" if metric.is_staircase else "default"
    axes.plot(series.x, series.y, **style, drawstyle=drawstyle, markevery=every, gid=gid)
    if series.band is not None:
        axes.fill_between(series.x, *series.band, color=color, alpha=0.15, linewidth=0, gid=gid)
    if series.dots is not None:
        axes.plot(*series.dots, "o", color=color, alpha=0.45, markersize=3, markeredgewidth=0, gid=gid)
    if len(series.crosses):
        heights = np.full(len(series.crosses), crosses_at)
        axes.plot(
            series.crosses, heights, "x", color=color, gid=gid, transform=axes.get_xaxis_transform(), clip_on=False
        )


def _describe_limits(axes: Axes, metric: Metric, labels: Mapping[str, str]) -> None:
    """Says what the limits of a zoomed metric leave out, in a corner that curves leave free."""
    if metric.is_zoomed and (text := describe_outside(metric, axes.get_ylim(), labels)):
        y, va = (0.02, "bottom") if metric.better == "higher" else (0.98, "top")
        axes.text(0.99, y, text, transform=axes.transAxes, ha="right", va=va, fontsize=_NOTE_SIZE, color=NOTE_COLOR)
