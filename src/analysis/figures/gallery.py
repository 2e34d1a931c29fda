"""Learning-rate curves without a run: a picture of small multiples by family, a CSV, a table for the terminal."""

from __future__ import annotations

import csv
import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, groupby, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from rich.table import Table

from src.analysis.figures.save import save_figure
from src.files import write_text
from src.terminal import make_console

FAMILIES: dict[str, tuple[str, ...]] = {
    "Constant, in steps, exponential": ("constant", "step", "multi_step", "exponential", "factor"),
    "By the clock": ("halving",),
    "Down to the end of the run": ("linear", "polynomial", "rex", "tanh"),
    "By a metric": ("plateau", "adaptive"),
    "Cosine": ("cosine", "k_decay", "cosine_cycles", "cosine_restarts"),
    "Cycles": ("cyclic", "cyclic_triangular2", "cyclic_exp_range"),
    "Flat, then down": ("wsd", "flat_cosine", "swa"),
    "Up, then down": ("one_cycle", "warmup_cosine", "trapezoid", "noam"),
    "Without an end": ("inverse_time", "inverse_sqrt", "power", "sqrt", "inv_scaling"),
}
OTHERS = "Others"
BLOCKS = "▁▂▃▄▅▆▇█"
DECADES = 4  # of the logarithmic curves

# The sheet, in inches: as wide as a README shows it.
_WIDTH, _LEFT, _RIGHT, _GAP = 9.0, 0.36, 0.12, 0.14
_TOP, _HEADING, _NAME, _NOTE, _NOTHING, _TICKS = 0.52, 0.28, 0.19, 0.28, 0.06, 0.3
_COLUMNS = 6
_HEIGHTS = (0.0, 0.5, 1.0)  # where the grid is
_BLUE, _DARK, _GREY, _PALE, _FAINT = "#0072B2", "#555555", "#888888", "#bbbbbb", "#e8e8e8"
_VISIBLE = 0.0005  # of a panel: what is less cannot be seen


@dataclass(frozen=True)
class Curve:
    """The learning rate of every update of a run."""

    scheduler: str
    lrs: Sequence[float]
    updates_per_epoch: int
    peak: float
    length: float  # of the run, in `unit`
    unit: str = "epoch"
    note: str = ""  # what had to be supposed


def write_gallery(curves: Sequence[Curve], title: str, folder: Path) -> list[Path]:
    """Writes schedules.png, schedules.svg and lr_curves.csv."""
    numbers = folder / "lr_curves.csv"
    write_text(numbers, to_csv(curves))
    return [*save_figure(draw_gallery(curves, title), folder, "schedules"), numbers]


def to_csv(curves: Sequence[Curve]) -> str:
    """A row an update, in full precision."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["scheduler", "step", "epoch", "lr"])
    for curve in curves:
        for step, lr in enumerate(curve.lrs):
            writer.writerow([curve.scheduler, step, step / curve.updates_per_epoch, lr])
    return text.getvalue()


def families(curves: Sequence[Curve]) -> dict[str, list[Curve]]:
    """The curves by family, both in the order of FAMILIES; what is in none comes last."""
    grouped = {
        family: [curve for name in members for curve in curves if curve.scheduler == name]
        for family, members in FAMILIES.items()
    }
    known = set(chain.from_iterable(FAMILIES.values()))
    grouped[OTHERS] = [curve for curve in curves if curve.scheduler not in known]
    return {family: members for family, members in grouped.items() if members}


# --- the picture ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Panel:
    """Where a curve is drawn, in inches from the top left corner of the sheet."""

    left: float
    bottom: float
    width: float
    height: float

    def x(self, time: Any) -> Any:
        """Where times lie, from 0 to 1, the end of the run; one or an array."""
        return self.left + self.width * time

    def y(self, height: Any) -> Any:
        """Where heights lie, from 0 to 1, the peak; one or an array."""
        return self.bottom - self.height * height


def draw_gallery(curves: Sequence[Curve], title: str) -> Figure:
    """A panel a schedule, all with the same axes: the multiple of the peak over the run, linear and logarithmic."""
    columns = min(_COLUMNS, max(2, len(curves)))
    rows = _rows(curves, columns)
    cell = (_WIDTH - _LEFT - _RIGHT + _GAP) / columns
    width, height = cell - _GAP, min(2.2, 0.55 * (cell - _GAP))
    tops = _tops(rows, height)
    figure, sheet = _sheet(tops[-1] + _TICKS)
    _write_title(sheet, title)
    for top, row in zip(tops, rows, strict=False):
        panels = [_Panel(_LEFT + c * cell, top + _HEADING + _NAME + height, width, height) for c, _ in enumerate(row)]
        _write_headings(sheet, [family for family, _ in row], panels)
        _number_heights(sheet, panels[0])
        for panel, (_, curve) in zip(panels, row, strict=True):
            _draw(sheet, panel, curve)
            _name(sheet, panel, curve)
            if row is rows[-1]:
                _number_times(sheet, panel, curve)
            _note(sheet, panel, curve, below=0.05 + (_TICKS if row is rows[-1] else 0))
    return figure


def _rows(curves: Sequence[Curve], columns: int) -> list[list[tuple[str, Curve]]]:
    """Rows of panels with their families; a family begins a row unless it fits whole into what is left of one."""
    rows: list[list[tuple[str, Curve]]] = [[]]
    for family, members in families(curves).items():
        if rows[-1] and len(rows[-1]) + len(members) > columns:
            rows.append([])
        for curve in members:
            if len(rows[-1]) == columns:
                rows.append([])
            rows[-1].append((family, curve))
    return rows


def _tops(rows: Sequence[Sequence[tuple[str, Curve]]], height: float) -> list[float]:
    """Where each row begins, and where the last one ends."""
    tops = [_TOP]
    for row in rows:
        below = _NOTE if any(curve.note for _, curve in row) else _NOTHING
        tops.append(tops[-1] + _HEADING + _NAME + height + below)
    return tops


def _sheet(height: float) -> tuple[Figure, Axes]:
    """An empty sheet in inches. One for all panels: axes of their own, and their ticks, would take seconds."""
    figure = Figure(figsize=(_WIDTH, height))
    sheet = figure.add_axes((0, 0, 1, 1))
    sheet.set(xlim=(0, _WIDTH), ylim=(height, 0))
    sheet.axis("off")
    return figure, sheet


def _write_title(sheet: Axes, title: str) -> None:
    sheet.text(_LEFT, 0.22, title, fontsize=10, fontweight="bold")
    legend = [("lr / peak", _BLUE, 1.6), (f"on a log scale: 1 at the top, {10**-DECADES:g} at the bottom", _GREY, 0.7)]
    for left, (label, colour, width) in zip((_LEFT, _LEFT + 1.1), legend, strict=True):
        sheet.plot([left, left + 0.25], [0.41, 0.41], color=colour, linewidth=width)
        sheet.text(left + 0.32, 0.42, label, fontsize=8, va="center")


def _write_headings(sheet: Axes, named: Sequence[str], panels: Sequence[_Panel]) -> None:
    """Each family's name, and a rule over all of its panels."""
    for family, members in groupby(zip(named, panels, strict=True), key=lambda pair: pair[0]):
        span = [panel for _, panel in members]
        y = span[0].bottom - span[0].height - _NAME - 0.07
        sheet.plot([span[0].left, span[-1].left + span[-1].width], [y, y], color=_PALE, linewidth=0.8)
        sheet.text(span[0].left, y - 0.04, family, fontsize=8, color=_DARK)


def _number_heights(sheet: Axes, panel: _Panel) -> None:
    for height in _HEIGHTS:
        sheet.text(panel.left - 0.06, panel.y(height), f"{height:g}", fontsize=7, color=_DARK, ha="right", va="center")


def _draw(sheet: Axes, panel: _Panel, curve: Curve) -> None:
    right, top = panel.left + panel.width, panel.bottom - panel.height
    ticks = [panel.x(time / curve.length) for time in _ticks(panel, curve)]
    sheet.vlines(ticks, top, panel.bottom, color=_FAINT, linewidth=0.6)
    sheet.hlines([panel.y(height) for height in _HEIGHTS], panel.left, right, color=_FAINT, linewidth=0.6)
    sheet.plot([panel.left, panel.left, right], [top, panel.bottom, panel.bottom], color=_PALE, linewidth=0.8)
    heights = np.asarray(curve.lrs) / (curve.peak or 1.0)
    with np.errstate(divide="ignore"):
        times, logarithms = _outline(np.clip(1 + np.log10(heights) / DECADES, 0, 1))
    sheet.plot(panel.x(times), panel.y(logarithms), color=_GREY, linewidth=0.7)
    times, heights = _outline(heights)
    sheet.fill_between(panel.x(times), panel.y(heights), panel.bottom, color=_BLUE, alpha=0.12, linewidth=0)
    sheet.plot(panel.x(times), panel.y(heights), color=_BLUE, linewidth=1.6, solid_joinstyle="miter")


def _outline(heights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The corners of a staircase over 0 to 1, without those that the eye cannot see; Ramer, Douglas and Peucker."""
    times = np.linspace(0, 1, len(heights) + 1).repeat(2)[1:-1]
    heights = heights.repeat(2)
    kept, spans = {0, len(times) - 1}, [(0, len(times) - 1)]
    while spans:
        left, right = spans.pop()
        run, rise = times[right] - times[left], heights[right] - heights[left]
        inner = slice(left + 1, right)
        areas = np.abs(run * (heights[inner] - heights[left]) - rise * (times[inner] - times[left]))
        if areas.size and areas.max() > _VISIBLE * np.hypot(run, rise):
            corner = left + 1 + int(areas.argmax())
            kept.add(corner)
            spans += [(left, corner), (corner, right)]
    corners = sorted(kept)
    return times[corners], heights[corners]


def _name(sheet: Axes, panel: _Panel, curve: Curve) -> None:
    sheet.text(panel.left, panel.bottom - panel.height - 0.05, curve.scheduler, fontsize=8.5, fontweight="bold")


def _number_times(sheet: Axes, panel: _Panel, curve: Curve) -> None:
    for time in _ticks(panel, curve):
        aligned = "right" if time == curve.length else "center"  # the next panel's 0 is near
        sheet.text(panel.x(time / curve.length), panel.bottom + 0.13, f"{time:g}", fontsize=7, color=_DARK, ha=aligned)
    sheet.text(panel.x(0.5), panel.bottom + 0.26, curve.unit, fontsize=7, color=_DARK, ha="center")


def _note(sheet: Axes, panel: _Panel, curve: Curve, below: float) -> None:
    text = textwrap.fill(curve.note, int(panel.width * 26))
    sheet.text(panel.left, panel.bottom + below, text, fontsize=5.8, color=_DARK, va="top", linespacing=1.1)


def _ticks(panel: _Panel, curve: Curve) -> list[float]:
    """Round times within the run, as many as the panel has room for."""
    locator = MaxNLocator(nbins=max(3, int(2 * panel.width)), steps=[1, 2, 5, 10], integer=True)
    return [float(time) for time in locator.tick_values(0, curve.length) if 0 <= time <= curve.length]


# --- the terminal ---------------------------------------------------------------------------------------------------


def print_curves(curves: Sequence[Curve], title: str) -> None:
    """A line a schedule: its curve in blocks, and its first, highest and last learning rate."""
    console = make_console()
    table = Table(box=None, title=title, title_justify="left", title_style="bold")
    for column in ("scheduler", "lr", "first", "highest", "last"):
        table.add_column(column, justify="left" if column in ("scheduler", "lr") else "right", no_wrap=True)
    width = max(8, min(48, console.width - 52))
    top = max(max(curve.lrs) for curve in curves)
    for members in families(curves).values():
        for curve in members:
            numbers = [f"{lr:.4g}" for lr in (curve.lrs[0], max(curve.lrs), curve.lrs[-1])]
            table.add_row(curve.scheduler, sparkline(curve.lrs, top, width), *numbers)
    console.print(table)
    for note in dict.fromkeys(curve.note for curve in curves if curve.note):
        noted = [curve.scheduler for curve in curves if curve.note == note]
        names = ", ".join(noted) if len(noted) < len(curves) or len(curves) == 1 else "all"
        console.print(f"{names}: {note}", style="dim", highlight=False, soft_wrap=True)


def sparkline(lrs: Sequence[float], top: float, width: int) -> str:
    """The curve in blocks of eight heights, the tallest for `top`, each the mean of its stretch."""
    edges = [index * len(lrs) // width for index in range(width + 1)]
    spans = [lrs[left : max(right, left + 1)] for left, right in pairwise(edges)]
    heights = [sum(span) / len(span) / (top or 1.0) for span in spans]
    return "".join(BLOCKS[round(height * (len(BLOCKS) - 1))] for height in heights)
