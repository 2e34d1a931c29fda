"""A preview as files: one figure with a small panel per schedule, grouped by family, and the curves as CSV."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.lines import Line2D
from matplotlib.path import Path as LinePath
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Affine2D

from src.analysis.figures.families import group_by_family
from src.analysis.figures.save import save_figure
from src.csv_files import write_csv

if TYPE_CHECKING:
    from src.schedules.preview import Curve, Preview

DECADES = 4  # range of the logarithmic curves

_COLUMNS = 6
# Inches. Fixed margins, because a constrained layout adds 0.4 s to the 0.9 s that drawing 31 panels takes.
_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 9.0, 0.36, 0.12, 0.98, 0.42
_BETWEEN_COLUMNS, _BETWEEN_ROWS, _RULE, _NOTE_LINE = 0.14, 0.54, 0.25, 0.13
_MAX_STEPS = 1000  # of a staircase; with more, a step is narrower than a pixel and the curve is drawn as a line
_PANEL_PIXELS = 250

_BLUE, _DARK, _GRAY, _PALE, _FAINT = "#0072B2", "#555555", "#888888", "#bbbbbb", "#e8e8e8"
_LINEAR: dict[str, Any] = {"color": _BLUE, "linewidth": 1.6}
_LOGARITHMIC: dict[str, Any] = {"color": _GRAY, "linewidth": 0.7}


def write_gallery(preview: Preview, folder: Path) -> list[Path]:
    """Writes schedules.png, schedules.svg and lr_curves.csv; returns their paths."""
    table = folder / "lr_curves.csv"
    write_csv(table, ("scheduler", "step", "epoch", "lr"), curve_rows(preview.curves))
    return [*save_figure(draw_gallery(preview), folder, "schedules", fixed_margins=True), table]


def curve_rows(curves: Sequence[Curve]) -> Iterator[tuple[str, int, float, float]]:
    """Schedule, step, epoch and learning rate of every update."""
    for curve in curves:
        for step, lr in enumerate(curve.lrs):
            yield curve.scheduler, step, step / curve.updates_per_epoch, lr


def draw_gallery(preview: Preview) -> Figure:
    """One panel per schedule, all with the same axes: lr / peak over the run, linear and logarithmic."""
    columns = min(_COLUMNS, max(2, len(preview.curves)))
    rows = _arrange(preview.curves, columns)
    notes = [line for note in preview.notes for line in textwrap.wrap(note, 150)]
    figure, grid = _make_grid(len(rows), columns, bottom=_BOTTOM + _NOTE_LINE * len(notes))
    _write_margins(figure, preview, notes)
    for number, row in enumerate(rows):
        # Not shared: sharing axes would double the time to draw 31 panels.
        panels = [figure.add_subplot(grid[number, column]) for column in range(len(row))]
        for axes, (_, curve) in zip(panels, row, strict=True):
            _draw_curve(axes, curve)
            _label_times(axes, curve.length, num_ticks=18 // columns)
            axes.tick_params(labelleft=axes is panels[0], labelbottom=row is rows[-1])
        for family, members in groupby(zip(row, panels, strict=True), key=lambda pair: pair[0][0]):
            _write_family(figure, [axes for _, axes in members], family)
    return figure


def _arrange(curves: Sequence[Curve], columns: int) -> list[list[tuple[str, Curve]]]:
    """Rows of curves with their families; a family that does not fit into the rest of a row starts a new one."""
    rows: list[list[tuple[str, Curve]]] = [[]]
    for family, members in group_by_family(curves).items():
        if rows[-1] and len(rows[-1]) + len(members) > columns:
            rows.append([])
        for curve in members:
            if len(rows[-1]) == columns:
                rows.append([])
            rows[-1].append((family, curve))
    return rows


def _make_grid(rows: int, columns: int, *, bottom: float) -> tuple[Figure, GridSpec]:
    panel_width = (_WIDTH - _LEFT - _RIGHT + _BETWEEN_COLUMNS) / columns - _BETWEEN_COLUMNS
    panel_height = min(2.2, 0.55 * panel_width)
    height = _TOP + rows * (panel_height + _BETWEEN_ROWS) - _BETWEEN_ROWS + bottom
    figure = Figure(figsize=(_WIDTH, height))
    grid = figure.add_gridspec(
        rows,
        columns,
        left=_LEFT / _WIDTH,
        right=1 - _RIGHT / _WIDTH,
        top=1 - _TOP / height,
        bottom=bottom / height,
        wspace=_BETWEEN_COLUMNS / panel_width,
        hspace=_BETWEEN_ROWS / panel_height,
    )
    return figure, grid


def _write_margins(figure: Figure, preview: Preview, notes: Sequence[str]) -> None:
    """Writes the title, the legend, the time unit and the notes."""
    left, height = _LEFT / _WIDTH, figure.get_figheight()
    lines = {"lr / peak": _LINEAR, f"on a log scale: 1 at the top, {10**-DECADES:g} at the bottom": _LOGARITHMIC}
    figure.text(left, 1 - 0.22 / height, preview.title, fontsize=10, fontweight="bold")
    figure.legend(
        handles=[Line2D([], [], **style, label=label) for label, style in lines.items()],
        loc="center left",
        bbox_to_anchor=(left, 1 - 0.41 / height),
        borderpad=0,
        borderaxespad=0,
        ncols=2,
        frameon=False,
        fontsize=8,
    )
    above_notes = (_NOTE_LINE * len(notes) + 0.12) / height
    figure.text(0.5, above_notes, preview.curves[0].unit, fontsize=7, color=_DARK, ha="center")
    figure.text(left, 0.06 / height, "\n".join(notes), fontsize=6.5, color=_DARK, linespacing=1.2)


def _write_family(figure: Figure, panels: Sequence[Axes], family: str) -> None:
    """Writes the family's name on a rule above its panels."""
    first, last = panels[0].get_position(), panels[-1].get_position()
    y = first.y1 + _RULE / figure.get_figheight()
    figure.add_artist(Line2D([first.x0, last.x1], [y, y], color=_PALE, linewidth=0.8))
    figure.text(first.x0, y + 0.04 / figure.get_figheight(), family, fontsize=8, color=_DARK)


def _draw_curve(axes: Axes, curve: Curve) -> None:
    heights = np.asarray(curve.lrs) / (curve.peak or 1.0)
    with np.errstate(divide="ignore"):
        logarithms = np.clip(1 + np.log10(heights) / DECADES, 0, 1)
    axes.plot(*_outline(logarithms, curve.length), **_LOGARITHMIC)
    times, heights = _outline(heights, curve.length)
    axes.fill_between(times, heights, color=_BLUE, alpha=0.12, linewidth=0)
    axes.plot(times, heights, **_LINEAR, solid_joinstyle="miter", clip_on=False)
    axes.set_title(curve.scheduler, loc="left", pad=4, fontsize=8.5, fontweight="bold")
    axes.set(xlim=(0, curve.length), ylim=(0, 1), yticks=(0, 0.5, 1), yticklabels=("0", "0.5", "1"))
    axes.tick_params(length=0, labelsize=7, labelcolor=_DARK)
    axes.grid(color=_FAINT, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set(color=_PALE)


def _label_times(axes: Axes, length: float, num_ticks: int) -> None:
    """Ticks at round times; the last label ends at its tick, so that it does not run into the next panel's 0."""
    times = MaxNLocator(num_ticks, steps=[1, 2, 5, 10], integer=True).tick_values(0, length)
    axes.set_xticks([time for time in times if time <= length])
    if axes.get_xticks()[-1] == length:
        axes.get_xticklabels()[-1].set_horizontalalignment("right")


def _outline(heights: np.ndarray, length: float) -> tuple[np.ndarray, np.ndarray]:
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
