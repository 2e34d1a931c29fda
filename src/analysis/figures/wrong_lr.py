"""The figure of what a wrong peak learning rate costs: one row per schedule."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from src.analysis.figures.overlay import NOTE_COLOR
from src.analysis.figures.panels import panels
from src.analysis.figures.style import Palette, Style, series_id
from src.analysis.figures.zoom import outlying_from
from src.analysis.workloads import workload_title

MARKERS = {"cost_too_low": ("<", "half a decade too low"), "cost_too_high": (">", "half a decade too high")}
_NOTE_SIZE = 9  # points
_MARGIN = 0.03  # of the axis, on both sides


def draw_cost_of_wrong_lr(costs: pd.DataFrame, styles: Palette) -> Figure | None:
    """Increase of the validation error if the peak lr is half a decade off, the most forgiving schedule at the top.

    Args:
        costs: `cost_of_wrong_lr` of one workload, with the `name` of each row.
        styles: By name.
    """
    rows = costs.dropna(subset=list(MARKERS), how="all").reset_index(drop=True)
    if rows.empty:
        return None
    title = f"What a wrong peak learning rate costs (median over the seeds)\n{workload_title(rows.iloc[0])}"
    figure, (axes,) = panels(title, 1, width=7.5, height=1.6 + 0.3 * len(rows))
    points = 100 * rows[list(MARKERS)].to_numpy(dtype=float)
    end = _end(points)
    axes.set_xlim(-_MARGIN * end, (1 + _MARGIN) * end)
    for position, row in rows.iterrows():
        _draw_row(axes, position, points[position], end, styles[row["name"]], series_id(row["name"]))
    axes.set(yticks=range(len(rows)), xlabel="increase of the validation error (percentage points)  ← better")
    axes.set_yticklabels(rows["name"])
    axes.xaxis.set_major_locator(MaxNLocator(5))  # their labels fit on a phone, too
    axes.set_ylim(len(rows) - 0.5, -0.5)
    handles = [Line2D([], [], color=NOTE_COLOR, marker=marker, linestyle="", label=text) for marker, text in _keys()]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False, fontsize=_NOTE_SIZE)
    return figure


def _keys() -> list[tuple[str, str]]:
    return list(MARKERS.values())


def _end(points: np.ndarray) -> float:
    """The largest cost on the axis; those of rates that train badly would crush the others."""
    finite = points[np.isfinite(points)]
    if not finite.any():
        return 1.0
    return float(finite[finite <= outlying_from(finite, 0.0)].max())


def _draw_row(axes: Axes, position: int, points: np.ndarray, end: float, style: Style, gid: str) -> None:
    """A line from zero with both costs; beyond the axis their numbers."""
    shown = np.minimum(points, end)
    axes.plot([0, np.nanmax(shown)], [position] * 2, color=style["color"], linewidth=1.2, alpha=0.5, gid=gid)
    for cost, (marker, _) in zip(points, _keys(), strict=True):
        if cost <= end:
            axes.plot(cost, position, marker, color=style["color"], markersize=7, markeredgecolor="white", gid=gid)
    beyond = [
        f"{text.split()[-1]} {_format(cost)}"
        for cost, (_, text) in zip(points, _keys(), strict=True)
        if not cost <= end
    ]
    if beyond:
        place: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "ha": "left", "va": "center"}
        axes.text(1.01, position, ", ".join(beyond), **place, color=NOTE_COLOR, fontsize=_NOTE_SIZE, gid=gid)


def _format(cost: float) -> str:
    """`+12`, or why there is no number."""
    if math.isnan(cost):
        return "not tried"
    return "mostly fails" if math.isinf(cost) else f"+{cost:.3g}"
