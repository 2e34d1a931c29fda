"""Curves of many schedules: a small panel for each, with the curve of the best one for comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from src.analysis.figures.chart import Chart, Metric, Series
from src.analysis.figures.end_labels import full_labels, shorten
from src.analysis.figures.grid import DARK, GRAY, GridFigure, make_panels, style_panel, write_number, write_ylabel
from src.analysis.figures.overlay import draw_series
from src.analysis.figures.panels import limit_axis
from src.analysis.figures.style import Palette, Style, series_id
from src.analysis.figures.zoom import describe_outside, find_limits

_BEST: Style = {"color": GRAY, "linewidth": 0.8, "linestyle": "-"}
_SMALLER: Style = {"linewidth": 1.5, "markersize": 2.8}
_OTHER_METRIC: Style = {"linewidth": 0.9, "linestyle": (0, (2, 1.5)), "marker": ""}


def draw_multiples(chart: Chart, styles: Palette) -> GridFigure:
    """One panel per schedule, all with the same axes, in the order of the legend.

    The last metric of the chart is the main one. The others are thin and dashed.
    """
    main = chart.metrics[-1]
    limits = find_limits(replace(main, series=_all_series(chart)))
    outside = describe_outside(main, limits, chart.labels) if main.is_zoomed and limits else ""
    heading = f"Panels: {chart.heading}. The number is the {chart.number} {_short(main)}."
    notes = [heading, *full_labels(chart.labels), *chart.notes, outside]
    figure, panels = make_panels(len(main.series), chart.title, chart.xlabel, _handles(chart), notes)
    for axes, series in zip(panels, main.series, strict=True):
        _draw_panel(axes, chart, series, styles)
        style_panel(axes, shorten(chart.labels[series.name]))
        values = series.y[np.isfinite(series.y)]
        if len(values):
            numbers = {"first": values[0], "last": values[-1], "lowest": values.min()}
            write_number(axes, f"{numbers[chart.number]:.4g}")
    _share_axes(panels, chart, limits)
    write_ylabel(figure, main.label if len(chart.metrics) == 1 else _without_kind(main))
    return figure


def _draw_panel(axes: Axes, chart: Chart, series: Series, styles: Palette) -> None:
    """Draws a schedule in all metrics, after the best one in the main metric."""
    *others, main = chart.metrics
    best = main.series[0]
    if series is not best:
        drawstyle = "steps-post" if main.is_staircase else "default"
        axes.plot(best.x, best.y, **_BEST, drawstyle=drawstyle, gid=series_id(best.name))
    for metric in others:
        for other in metric.series:
            if other.name == series.name:
                axes.plot(other.x, other.y, **styles[series.name] | _OTHER_METRIC, gid=series_id(series.name))
    draw_series(axes, series, styles[series.name] | _SMALLER, main)


def _share_axes(panels: Sequence[Axes], chart: Chart, limits: tuple[float, float] | None) -> None:
    """Gives all panels the same scales and limits."""
    for axes in panels:
        chart.prepare(axes)
        limit_axis(axes, replace(chart.metrics[-1], is_inverted=False), limits)
    xlim, ylim = (_range([getattr(axes, f"get_{side}lim")() for axes in panels]) for side in "xy")
    for axes in panels:
        axes.set_xlim(xlim)
        limit_axis(axes, chart.metrics[-1], limits or ylim)
        axes.yaxis.set_minor_locator(NullLocator())


def _range(limits: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return min(low for low, _ in limits), max(high for _, high in limits)


def _all_series(chart: Chart) -> list[Series]:
    return [series for metric in chart.metrics for series in metric.series]


def _handles(chart: Chart) -> list[Line2D]:
    """What the lines of a panel mean."""
    *others, main = chart.metrics
    best = main.series[0].name
    return [
        Line2D([], [], color=DARK, linewidth=1.6, label=_short(main)),
        *(Line2D([], [], color=DARK, **_OTHER_METRIC, label=_short(metric)) for metric in others),
        Line2D([], [], **_BEST, label=f"{chart.labels[best]}, for comparison"),
    ]


def _short(metric: Metric) -> str:
    return metric.name.partition(" (")[0]


def _without_kind(metric: Metric) -> str:
    """`accuracy (%)  ↑ better` for `validation accuracy (%)  ↑ better`."""
    return metric.label.partition(" ")[2]
