"""Ranks of many schedules at a few budgets: one line per schedule, those of the leaders highlighted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from src.analysis.figures.chart import Chart, Series, join_equal
from src.analysis.figures.end_labels import LINE, SIZE, nudge_apart, shorten
from src.analysis.figures.grid import GRAY, PALE
from src.analysis.figures.panels import limit_axis, panels
from src.analysis.figures.style import Palette, Style, series_id

NUM_LEADERS = 5  # at each budget
_LABEL_GAP = 0.05  # between the panel and its labels, in widths of the panel
_MIN_HEIGHT, _AROUND = 4.4, 1.6  # inches; the second is what the title and the x axis take
_LEADER_LINE = {"arrowstyle": "-", "linewidth": 0.7, "shrinkA": 1, "shrinkB": 2}


def draw_rank_lines(chart: Chart, styles: Palette) -> Figure:
    """All ranks in one panel, the best at the top, with the name of every schedule at both ends of its line.

    Args:
        chart: With one metric. Its series have the same x.
        styles: By name; schedules that are never among the leaders are gray.
    """
    chart = join_equal(chart)
    (metric,) = chart.metrics
    leaders = _leaders(metric.series)
    height = max(_MIN_HEIGHT, _AROUND + LINE * SIZE * len(metric.series) / 72)
    title = f"{chart.title}\nbest at the top; in color: the best {NUM_LEADERS} at each budget"
    figure, (axes,) = panels(title, 1, width=7.2, height=height)
    looks = {name: styles[name] if name in leaders else _muted() for name in chart.labels}
    for series in sorted(metric.series, key=lambda series: series.name in leaders):  # leaders on top
        label = chart.labels[series.name]
        axes.plot(series.x, series.y, **looks[series.name], gid=series_id(series.name), label=label)
    axes.set(xlabel=chart.xlabel)
    axes.tick_params(axis="y", labelleft=False, length=0)
    axes.spines["left"].set_visible(False)
    chart.prepare(axes)
    limit_axis(axes, metric, None)
    for end in (0, -1):
        _label_ends(axes, chart, end, looks, gap=LINE * SIZE / (72 * (height - _AROUND)))
    return figure


def _muted() -> Style:
    return {"color": PALE, "linewidth": 1.0, "marker": ".", "markersize": 4.5}


def _leaders(series: Sequence[Series]) -> set[str]:
    """The schedules that are among the best at some budget."""
    ranks = np.array([curve.y for curve in series])
    limits = np.sort(ranks, axis=0)[min(NUM_LEADERS, len(series)) - 1]
    return {curve.name for curve in series if (curve.y <= limits).any()}


def _label_ends(axes: Axes, chart: Chart, end: int, looks: Mapping[str, Style], gap: float) -> None:
    """Writes every name beside the first (0) or the last (-1) point of its line, nudged apart."""
    series = chart.metrics[0].series
    points = np.array([[curve.x[end], curve.y[end]] for curve in series])
    fractions = (axes.transScale + axes.transLimits).transform(points)
    x = 1 + _LABEL_GAP if end else -_LABEL_GAP
    side: dict[str, Any] = {"ha": "left" if end else "right", "va": "center", "textcoords": "axes fraction"}
    for curve, point, place in zip(series, fractions, nudge_apart(fractions[:, 1], gap), strict=True):
        color = looks[curve.name]["color"]
        leader = _LEADER_LINE | {"color": color, "relpos": (0 if end else 1, 0.5)}
        label = axes.annotate(
            shorten(chart.labels[curve.name]),
            xy=(point[0], point[1]),
            xycoords="axes fraction",
            xytext=(x, place),
            **side,
            fontsize=SIZE,
            color=GRAY if color == PALE else color,
            arrowprops=leader,
            annotation_clip=False,
        )
        label.set_gid(series_id(curve.name))
        assert label.arrow_patch is not None
        label.arrow_patch.set_gid(series_id(curve.name))
