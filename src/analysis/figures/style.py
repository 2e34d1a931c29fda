"""The style of figures: colors, line styles, panels, legends."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

# Okabe and Ito's palette, which color-blind readers can distinguish, with two of Tol's dark colors instead of yellow,
# which is invisible on white. Neighbors differ in line style too, so that a curve shows through another on top of it
# and forty schedules remain distinct.
COLORS = [
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#999999", "#882255", "#332288",
]  # fmt: skip
LINES = ["-", "--", "-.", ":"]
_FIRST = (0, 1, 2, 3, 0, 1, 2, 3, 1, 2)  # line style by color; solid lines come early, where they hide nothing
STYLES = [(LINES[(_FIRST[index % 10] + index // 10) % 4], COLORS[index % 10]) for index in range(40)]

Palette = dict[str, dict[str, Any]]


def palette(names: Iterable[str]) -> Palette:
    """A style for each name, the same in every figure of a report."""
    styles = {}
    for index, name in enumerate(sorted(set(names))):
        line, color = STYLES[index % len(STYLES)]
        styles[name] = {"color": color, "linestyle": line, "linewidth": 1.6}
    return styles


def panels(title: str, count: int, *, width: float = 5.2, height: float = 4.4) -> tuple[Figure, Sequence[Axes]]:
    """A figure with `count` panels side by side; sizes are in inches, `width` is that of a panel."""
    figure = Figure(figsize=(width * count, height))
    row = list(figure.subplots(1, count, squeeze=False)[0])
    figure.suptitle(title, fontsize=11)
    for axes in row:
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    return figure, row


def legend(figure: Figure, axes: Axes) -> None:
    """Adds a legend below the panels, in as many columns as fit; the figure grows by its height."""
    handles, labels = axes.get_legend_handles_labels()
    if not labels:
        return
    columns = max(1, min(len(labels), int(figure.get_figwidth() / (0.75 + 0.075 * max(map(len, labels))))))
    figure.set_figheight(figure.get_figheight() + 0.19 * math.ceil(len(labels) / columns))
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, frameon=False, fontsize=9)


def scale_logarithmically(axes: Axes) -> None:
    """A log y axis with plain numbers; stays linear if every run diverged and there is nothing to scale."""
    series = [np.asarray(line.get_ydata(), dtype=float) for line in axes.lines]
    if not any((np.isfinite(values) & (values > 0)).any() for values in series):
        return
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5, 7)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())
