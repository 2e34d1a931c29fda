"""The figure of test errors: one row per schedule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from src.analysis.figures.curves import MIN_SEEDS
from src.analysis.figures.overlay import NOTE_COLOR
from src.analysis.figures.panels import panels
from src.analysis.figures.style import Palette, Style, series_id
from src.analysis.figures.zoom import outlying_from
from src.analysis.workloads import workload_title

_FEW = 4  # schedules; the axis leaves out fewer of them
_TIMES_WORSE = 10  # the error of one that it leaves out, in errors of the best
_NOTE_SIZE = 9  # points
_MARGIN = 0.05  # of the axis, left of its lowest dot
_ENOUGH = 2  # times the range of the others; only a wider axis is cut


def draw_test_errors(table: pd.DataFrame, runs: pd.DataFrame, styles: Palette) -> Figure | None:
    """One row per schedule, best at the top: a dot for each seed; from five seeds on the mean and its interval, too."""
    rows = table.dropna(subset="test_error_mean").reset_index(drop=True)
    if rows.empty:
        return None
    title = f"Test error: {_contents(rows)}\n{workload_title(rows.iloc[0])}"
    figure, (axes,) = panels(title, 1, width=7.5, height=1.3 + 0.34 * len(rows))
    errors = [_errors(runs, setting) for setting in rows["setting"]]
    is_outlying = _are_outlying(100 * rows["test_error_mean"].to_numpy(dtype=float), errors)
    for position, row in rows[~is_outlying].iterrows():
        _draw_row(axes, position, errors[position], row, styles[row["name"]])
    axes.set_xlim(_limits(axes, [row for row, is_out in zip(errors, is_outlying, strict=True) if is_out]))
    for position, row in rows[is_outlying].iterrows():
        _draw_outlying(axes, position, errors[position], row, styles[row["name"]])
    axes.set(yticks=range(len(rows)), xlabel="test error (%)  ← better")
    axes.set_yticklabels(rows["name"])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    return figure


def _contents(rows: pd.DataFrame) -> str:
    if (rows["n"] < MIN_SEEDS).all():
        return "every seed"
    has_intervals = rows["test_error_low"].notna().any()
    return "every seed, mean and 95% interval" if has_intervals else "every seed and mean"


def _errors(runs: pd.DataFrame, setting: str) -> np.ndarray:
    completed = runs[(runs["setting"] == setting) & (runs["status"] == "completed")]
    return 100 * (1 - pd.to_numeric(completed["test_accuracy"]).dropna().to_numpy(dtype=float))


def _are_outlying(means: np.ndarray, errors: Sequence[np.ndarray]) -> np.ndarray:
    """Which schedules are so far from the best that showing them would crush the others."""
    best = means.min()
    limit = outlying_from(means, best)
    is_outlying = means > (max(limit, _TIMES_WORSE * best) if len(means) <= _FEW else limit)
    kept = [row for row, is_out in zip(errors, is_outlying, strict=True) if not is_out]
    is_worth_it = np.ptp(np.concatenate(errors)) > _ENOUGH * np.ptp(np.concatenate(kept))
    return is_outlying & is_worth_it


def _limits(axes: Axes, outlying: Sequence[np.ndarray]) -> tuple[float, float]:
    """Of what is drawn so far and the best seeds of the outlying rows: the axis cuts off on the right only."""
    low, high = axes.get_xlim()
    lowest = min((row.min() for row in outlying), default=low)
    return (low if lowest >= low else lowest - _MARGIN * (high - lowest)), high


def _draw_row(axes: Axes, position: int, errors: np.ndarray, row: pd.Series, style: Style) -> None:
    _draw_dots(axes, position, errors, row, style)
    if len(errors) >= MIN_SEEDS:
        _draw_mean(axes, position, row, style, series_id(row["name"]))


def _draw_dots(
    axes: Axes, position: int, errors: np.ndarray, row: pd.Series, style: Style, *, is_hollow: bool = False
) -> None:
    dot = {"color": style["color"], "marker": style["marker"], "alpha": 0.6, "markersize": 5.5, "markeredgewidth": 0}
    hollow = {"markerfacecolor": "none", "markeredgewidth": 1} if is_hollow else {}
    gid = series_id(row["name"])
    axes.plot(errors, np.full(len(errors), position), **(dot | hollow), linestyle="", gid=gid)


def _draw_mean(axes: Axes, position: int, row: pd.Series, style: Style, gid: str) -> None:
    interval = [100 * row["test_error_low"], 100 * row["test_error_high"]]
    axes.plot(interval, [position] * 2, color=style["color"], linewidth=2.4, solid_capstyle="butt", gid=gid)
    mean = 100 * row["test_error_mean"]
    axes.plot(mean, position, "d", color=style["color"], markersize=8, markeredgecolor="white", gid=gid)


def _draw_outlying(axes: Axes, position: int, errors: np.ndarray, row: pd.Series, style: Style) -> None:
    """Hollow dots where the axis reaches, an arrow at its end for the others, and the mean and the range beside it."""
    gid, end = series_id(row["name"]), axes.get_xlim()[1]
    if (errors <= end).all():  # a seed of another row lies as far out
        _draw_row(axes, position, errors, row, style)
        return
    _draw_dots(axes, position, errors[errors <= end], row, style, is_hollow=True)
    axes.plot(end, position, ">", color=style["color"], markersize=8, clip_on=False, gid=gid)
    place: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "ha": "left", "va": "center"}
    axes.text(1.02, position, _mean_and_range(errors), **place, color=NOTE_COLOR, fontsize=_NOTE_SIZE, gid=gid)


def _mean_and_range(errors: np.ndarray) -> str:
    """`mean 30.9 (1.20 to 90.0)`; `90.0` for equal errors."""
    mean, low, high = (f"{value:#.3g}" for value in (errors.mean(), errors.min(), errors.max()))
    return mean if low == high else f"mean {mean} ({low} to {high})"
