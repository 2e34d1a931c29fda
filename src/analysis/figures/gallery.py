"""A preview as files: one figure with a small panel per schedule, grouped by family, and the curves as CSV."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from src.analysis.figures.families import group_by_family
from src.analysis.figures.grid import DARK, PALE, Shape, label_times, make_grid, write_margins
from src.analysis.figures.lr_panel import draw_lr_panel, legend_handles
from src.analysis.figures.save import save_figure
from src.analysis.figures.style import palette
from src.csv_files import write_csv

if TYPE_CHECKING:
    from src.schedules.preview import Curve, Preview

_COLUMNS = 6
_RULE = 0.25  # inches between a panel and the rule above it


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
    styles = palette(curve.scheduler for curve in preview.curves)
    figure, grid = make_grid(Shape(len(rows), columns, num_notes=len(notes)))
    write_margins(figure, preview.title, preview.curves[0].unit, legend_handles(), notes)
    for number, row in enumerate(rows):
        # Not shared: sharing axes would double the time to draw 31 panels.
        panels = [figure.add_subplot(grid[number, column]) for column in range(len(row))]
        for axes, (_, curve) in zip(panels, row, strict=True):
            name, heights = curve.scheduler, np.asarray(curve.lrs) / curve.peak
            draw_lr_panel(axes, name, heights, curve.length, styles, label=name)
            label_times(axes, curve.length, num_ticks=18 // columns)
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


def _write_family(figure: Figure, panels: Sequence[Axes], family: str) -> None:
    """Writes the family's name on a rule above its panels."""
    first, last = panels[0].get_position(), panels[-1].get_position()
    y = first.y1 + _RULE / figure.get_figheight()
    figure.add_artist(Line2D([first.x0, last.x1], [y, y], color=PALE, linewidth=0.8))
    figure.text(first.x0, y + 0.04 / figure.get_figheight(), family, fontsize=8, color=DARK)
