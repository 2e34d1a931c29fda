"""A learning-rate curve in a small panel: lr / peak over the run, linear and logarithmic."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.path import Path as LinePath
from matplotlib.transforms import Affine2D

from src.analysis.figures.end_labels import shorten
from src.analysis.figures.grid import DARK, GRAY, style_panel
from src.analysis.figures.style import Palette, series_id

DECADES = 4  # range of the logarithmic curves
_MAX_STEPS = 1000  # of a staircase; with more, a step is narrower than a pixel and the curve is drawn as a line
_PANEL_PIXELS = 250

_LINEAR: dict[str, Any] = {"color": DARK, "linewidth": 1.6}
_LOGARITHMIC: dict[str, Any] = {"color": GRAY, "linewidth": 0.7}
LEGEND = {"lr / peak": _LINEAR, f"on a log scale: 1 at the top, {10**-DECADES:g} at the bottom": _LOGARITHMIC}


def draw_lr_panel(axes: Axes, name: str, heights: np.ndarray, length: float, styles: Palette, label: str) -> None:
    """Draws one curve of lr / peak, linear and logarithmic, in the color of its schedule."""
    gid, color = series_id(name), styles[name]["color"]
    with np.errstate(divide="ignore"):
        logarithms = np.clip(1 + np.log10(heights) / DECADES, 0, 1)
    axes.plot(*outline(logarithms, length), **_LOGARITHMIC, gid=gid)
    times, heights = outline(heights, length)
    axes.fill_between(times, heights, color=color, alpha=0.12, linewidth=0, gid=gid)
    axes.plot(times, heights, **_LINEAR | {"color": color}, solid_joinstyle="miter", clip_on=False, gid=gid)
    style_panel(axes, shorten(label))
    axes.set(xlim=(0, length), ylim=(0, 1), yticks=(0, 0.5, 1), yticklabels=("0", "0.5", "1"))


def outline(heights: np.ndarray, length: float) -> tuple[np.ndarray, np.ndarray]:
    """Times and heights of a curve after matplotlib's path simplification, which by itself skips filled areas.

    Without it, the SVG of 31 schedules of 12,900 updates takes 40 MB instead of 0.3 MB.
    """
    times = np.linspace(0, 1, len(heights) + 1)
    if len(heights) <= _MAX_STEPS:
        times, heights = times.repeat(2)[1:-1], heights.repeat(2)
    else:
        heights = np.append(heights, heights[-1])
    path = LinePath(np.column_stack([times, heights])).cleaned(Affine2D().scale(_PANEL_PIXELS), simplify=True)
    times, heights = np.asarray(path.vertices)[path.codes != LinePath.STOP].T / _PANEL_PIXELS
    return times * length, heights


def legend_handles() -> list[Line2D]:
    """What the lines of a panel mean."""
    return [Line2D([], [], **style, label=label) for label, style in LEGEND.items()]
