"""Small panels in rows and columns, with fixed margins and lines of text above and below."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

DARK, GRAY, PALE, FAINT = "#555555", "#888888", "#bbbbbb", "#e8e8e8"
# Inches. Fixed margins, because a constrained layout adds 0.4 s to the 0.9 s that drawing 31 panels takes.
WIDTH, RIGHT, BOTTOM = 9.0, 0.12, 0.42
BETWEEN_COLUMNS, NOTE_LINE, TITLE_LINE = 0.14, 0.13, 0.17
NOTE_WIDTH, LONGEST_WITH_NUMBER = 150, 20  # characters
_SHARED_AXES: dict[str, Any] = {"left": 0.62, "between_rows": 0.36, "aspect": 0.58}


@dataclass(frozen=True)
class Shape:
    """Rows and columns of a grid, and what surrounds its panels, in inches."""

    rows: int
    columns: int
    left: float = 0.36
    between_rows: float = 0.54
    aspect: float = 0.55  # height of a panel, in widths
    top: float = 0.98
    num_notes: int = 0

    @property
    def bottom(self) -> float:
        return BOTTOM + NOTE_LINE * self.num_notes


class GridFigure(Figure):
    """A figure that is laid out already."""

    def __init__(self, shape: Shape, height: float) -> None:
        super().__init__(figsize=(WIDTH, height))
        self.shape = shape


def make_grid(shape: Shape) -> tuple[GridFigure, GridSpec]:
    panel_width = (WIDTH - shape.left - RIGHT + BETWEEN_COLUMNS) / shape.columns - BETWEEN_COLUMNS
    panel_height = min(2.2, shape.aspect * panel_width)
    height = shape.top + shape.rows * (panel_height + shape.between_rows) - shape.between_rows + shape.bottom
    figure = GridFigure(shape, height)
    grid = figure.add_gridspec(
        shape.rows,
        shape.columns,
        left=shape.left / WIDTH,
        right=1 - RIGHT / WIDTH,
        top=1 - shape.top / height,
        bottom=shape.bottom / height,
        wspace=BETWEEN_COLUMNS / panel_width,
        hspace=shape.between_rows / panel_height,
    )
    return figure, grid


def make_panels(
    count: int, title: str, xlabel: str, handles: Sequence[Line2D], notes: Sequence[str]
) -> tuple[GridFigure, list[Axes]]:
    """A grid of `count` panels with the same axes; the outer ones have tick labels."""
    lines = [line for note in notes for line in textwrap.wrap(note, NOTE_WIDTH)]
    columns = 3 if count <= 12 else 4
    top = 0.75 + TITLE_LINE * title.count("\n")
    shape = Shape(math.ceil(count / columns), columns, **_SHARED_AXES, top=top, num_notes=len(lines))
    figure, grid = make_grid(shape)
    panels = [figure.add_subplot(grid[divmod(number, columns)]) for number in range(count)]
    for number, axes in enumerate(panels):
        axes.set_gid(f"panel-{number + 1}")
        axes.tick_params(labelleft=number % columns == 0, labelbottom=number + columns >= count)
    write_margins(figure, title, xlabel, handles, lines)
    return figure, panels


def write_margins(figure: GridFigure, title: str, xlabel: str, handles: Sequence[Line2D], notes: Sequence[str]) -> None:
    """Writes the title and the legend above the panels, the name of the x axis and the notes below."""
    left, height = figure.shape.left / WIDTH, figure.get_figheight()
    heading, *subtitle = title.split("\n")
    figure.text(left, 1 - 0.22 / height, heading, fontsize=10, fontweight="bold")
    for line in subtitle:
        figure.text(left, 1 - (0.22 + TITLE_LINE) / height, line, fontsize=9, color=DARK)
    figure.legend(
        handles=handles,
        loc="center left",
        bbox_to_anchor=(left, 1 - (0.41 + TITLE_LINE * len(subtitle)) / height),
        borderpad=0,
        borderaxespad=0,
        ncols=max(1, len(handles)),
        frameon=False,
        fontsize=8,
    )
    above_notes = (NOTE_LINE * len(notes) + 0.12) / height
    figure.text(0.5, above_notes, xlabel, fontsize=7, color=DARK, ha="center")
    figure.text(left, 0.06 / height, "\n".join(notes), fontsize=6.5, color=DARK, linespacing=1.2)


def write_ylabel(figure: GridFigure, text: str) -> None:
    """Writes the name of the y axis along the panels."""
    boxes = [axes.get_position() for axes in figure.axes]
    middle = (max(box.y1 for box in boxes) + min(box.y0 for box in boxes)) / 2
    figure.text(0.012, middle, text, fontsize=7, color=DARK, rotation=90, ha="left", va="center")


def style_panel(axes: Axes, name: str) -> None:
    """Gives a panel its heading, pale lines and small ticks.

    The heading and the names of the axes, which are empty, have fixed places: to find them takes half of the time to
    draw a panel.
    """
    axes.set_title(name, loc="left", y=1, pad=4, fontsize=8.5, fontweight="bold")
    axes.xaxis.set_label_coords(0.5, 0)
    axes.yaxis.set_label_coords(0, 0.5)
    axes.tick_params(which="both", length=0, labelsize=7, labelcolor=DARK)
    axes.grid(color=FAINT, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set(color=PALE)


def write_number(axes: Axes, text: str) -> None:
    """Writes a number above the right end of a panel, unless its heading needs the place."""
    if len(axes.get_title("left")) <= LONGEST_WITH_NUMBER:
        axes.set_title(text, loc="right", y=1, pad=4, fontsize=7, color=DARK)


def label_times(axes: Axes, length: float, num_ticks: int) -> None:
    """Ticks at round times; the last label ends at its tick, so that it does not run into the next panel's 0."""
    times = MaxNLocator(num_ticks, steps=[1, 2, 5, 10], integer=True).tick_values(0, length)
    axes.set_xticks([time for time in times if time <= length])
    if axes.get_xticks()[-1] == length:
        axes.xaxis.get_major_ticks()[-1].label1.set_horizontalalignment("right")
