"""Figures with panels side by side: axes, scales, the legend."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from src.analysis.figures.chart import Metric
from src.analysis.figures.style import Palette, series_id

TITLE_SIZE = 11
_LEGEND_LINE, _LEGEND_SIZE = 0.19, 9  # inches, points


def panels(title: str, count: int, *, width: float = 5.2, height: float = 4.4) -> tuple[Figure, Sequence[Axes]]:
    """A figure with `count` panels side by side; sizes are in inches, `width` is that of a panel."""
    figure = Figure(figsize=(width * count, height))
    row = list(figure.subplots(1, count, squeeze=False)[0])
    figure.suptitle(title, fontsize=TITLE_SIZE)
    for number, axes in enumerate(row, 1):
        axes.set_gid(f"panel-{number}")
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    return figure, row


def legend(figure: Figure, labels: Mapping[str, str], styles: Palette, heading: str = "") -> None:
    """Adds a legend below the panels, row by row in as many columns as fit; the figure grows by its height.

    Args:
        figure: Gets the legend.
        labels: The text for each series, in the order of the legend.
        styles: Of the series.
        heading: What the order means.
    """
    if not labels:
        return
    num_columns = max(1, min(len(labels), int(figure.get_figwidth() / (0.75 + 0.075 * max(map(len, labels.values()))))))
    num_rows = math.ceil(len(labels) / num_columns)
    figure.set_figheight(figure.get_figheight() + _LEGEND_LINE * (num_rows + len(heading.splitlines())))
    names = list(labels)
    by_column = [name for column in range(num_columns) for name in names[column::num_columns]]
    handles = [Line2D([], [], **styles[name], label=labels[name], gid=series_id(name)) for name in by_column]
    box = figure.legend(
        handles=handles,
        title=heading or None,
        loc="outside lower center",
        ncols=num_columns,
        frameon=False,
        fontsize=_LEGEND_SIZE,
        title_fontsize=_LEGEND_SIZE,
    )
    box.get_title().set_multialignment("center")
    for name, text in zip(by_column, box.get_texts(), strict=True):
        text.set_gid(series_id(name))


def limit_axis(axes: Axes, metric: Metric, limits: tuple[float, float] | None) -> None:
    """Sets scale, direction, limits and ticks of the y axis.

    A logarithmic axis has plain numbers. It stays linear if every run diverged and there is nothing to scale.
    """
    is_logarithmic = metric.is_logarithmic and any((series.y > 0).any() for series in metric.series)
    if is_logarithmic:
        axes.set_yscale("log")
    if limits is not None:
        axes.set_ylim(limits)
    if metric.is_inverted:
        axes.invert_yaxis()
    if is_logarithmic:
        label_logarithmically(axes.yaxis, *axes.get_ylim())


def label_logarithmically(axis: Axis, low: float, high: float) -> None:
    """Ticks with plain numbers that are as dense as the range of the axis allows."""
    decades = math.log10(high / low)
    digits = (1,) if decades > 3 else (1, 2, 5) if decades > 1.2 else (1, 2, 3, 5, 7)
    axis.set_major_locator(LogLocator(subs=digits) if decades > 0.5 else MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())
