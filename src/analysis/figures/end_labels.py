"""Labels at the ends of curves, nudged apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from scipy.optimize import isotonic_regression

from src.analysis.figures.chart import Floats, Series
from src.analysis.figures.style import Palette, series_id

SIZE = 9  # points
LINE = 1.3  # times the size
LONGEST = 30  # characters
_LEADER = {"arrowstyle": "-", "linewidth": 0.9, "shrinkA": 1, "shrinkB": 0, "relpos": (0, 0.5)}
_X = 1.035  # where the labels start, in widths of the panel


def label_ends(axes: Axes, series: Sequence[Series], labels: Mapping[str, str], styles: Palette) -> None:
    """Writes the label of each series to the right of the panel, with a line to its last point.

    Args:
        axes: With its final scales and limits.
        series: The curves of the panel.
        labels: By name.
        styles: By name.
    """
    ends = {curve.name: _end(curve) for curve in series if np.isfinite(curve.y).any()}
    if not ends:
        return
    fractions = (axes.transScale + axes.transLimits).transform(np.array(list(ends.values())))[:, 1].clip(0, 1)
    figure = axes.get_figure(root=True)
    assert figure is not None
    height = 72 * (figure.get_figheight() - 1.2)  # what the title and the x axis leave of the figure, in points
    for name, fraction, place in zip(ends, fractions, nudge_apart(fractions, LINE * SIZE / height), strict=True):
        _write(axes, shorten(labels[name]), (ends[name][0], fraction), place, styles[name]["color"], series_id(name))


def nudge_apart(places: Floats, gap: float) -> Floats:
    """The places from 0 to 1 that are closest to the given ones, in their order and at least `gap` apart."""
    order = np.argsort(places, kind="stable")
    offsets = gap * np.arange(len(places))
    moved = isotonic_regression(places[order] - offsets).x.clip(0, max(0.0, 1 - offsets[-1])) + offsets
    nudged = np.empty_like(moved)
    nudged[order] = moved
    return nudged


def shorten(label: str) -> str:
    """A label that fits beside a panel: `constant = 3 others` for four equal curves."""
    first, *others = label.split(" = ")
    return label if len(label) <= LONGEST or len(others) < 2 else f"{first} = {len(others)} others"


def full_labels(labels: Mapping[str, str]) -> list[str]:
    """The labels that are shortened, in full."""
    return [label for label in labels.values() if shorten(label) != label]


def _end(series: Series) -> tuple[float, float]:
    """The last point with a finite value."""
    is_finite = np.isfinite(series.y)
    return float(series.x[is_finite][-1]), float(series.y[is_finite][-1])


def _write(axes: Axes, text: str, end: tuple[float, float], place: float, color: str, gid: str) -> None:
    label = axes.annotate(
        text,
        xy=end,
        xycoords=axes.get_xaxis_transform(),  # x of the data, y as a fraction of the panel
        xytext=(_X, place),
        textcoords="axes fraction",
        fontsize=SIZE,
        va="center",
        arrowprops=_LEADER | {"color": color},
        annotation_clip=False,
    )
    label.set_gid(gid)
    assert label.arrow_patch is not None
    label.arrow_patch.set_gid(gid)
