"""The figure of test errors: one row per schedule."""

from __future__ import annotations

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


def draw_test_errors(table: pd.DataFrame, runs: pd.DataFrame, styles: Palette) -> Figure | None:
    """One row per schedule, best at the top: a dot for each seed; from five seeds on the mean and its interval, too."""
    rows = table.dropna(subset="test_error_mean").reset_index(drop=True)
    if rows.empty:
        return None
    title = f"Test error: {_contents(rows)}\n{workload_title(rows.iloc[0])}"
    figure, (axes,) = panels(title, 1, width=7.5, height=1.3 + 0.34 * len(rows))
    means = 100 * rows["test_error_mean"].to_numpy(dtype=float)
    limit = outlying_from(means, means.min())
    for position, row in rows.iterrows():
        errors = _errors(runs, row["setting"])
        style, gid = styles[row["name"]], series_id(row["name"])
        if means[position] > limit:
            _write_outlier(axes, position, f"{means[position]:.3g} →", gid)
            continue
        axes.plot(errors, np.full(len(errors), position), **_dot(style), linestyle="", gid=gid)
        if len(errors) >= MIN_SEEDS:
            _draw_mean(axes, position, row, style, gid)
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
    return 100 * (1 - pd.to_numeric(completed["test_accuracy"]).to_numpy(dtype=float))


def _dot(style: Style) -> Style:
    return {
        "color": style["color"], "marker": style["marker"], "alpha": 0.6, "markersize": 5.5, "markeredgewidth": 0,
    }  # fmt: skip


def _draw_mean(axes: Axes, position: int, row: pd.Series, style: Style, gid: str) -> None:
    interval = [100 * row["test_error_low"], 100 * row["test_error_high"]]
    axes.plot(interval, [position] * 2, color=style["color"], linewidth=2.4, solid_capstyle="butt", gid=gid)
    mean = 100 * row["test_error_mean"]
    axes.plot(mean, position, "d", color=style["color"], markersize=8, markeredgecolor="white", gid=gid)


def _write_outlier(axes: Axes, position: int, text: str, gid: str) -> None:
    """The mean of a schedule that is too far away for the axis."""
    axes.text(
        0.995, position, text, transform=axes.get_yaxis_transform(), ha="right", va="center", color=NOTE_COLOR, gid=gid
    )
