"""The figure of mean ranks over several tables, with a critical difference where ranks can be tested."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from src.analysis.budgets import across_workloads, ranks_by_table
from src.analysis.figures.overlay import NOTE_COLOR
from src.analysis.figures.panels import panels
from src.analysis.figures.style import Palette, Style, series_id
from src.analysis.stats import ALPHA, MIN_DATA_SETS, indistinct_groups
from src.analysis.wording import count_noun

_BETWEEN_BARS = 0.02  # widths of the panel


def draw_mean_ranks(table: pd.DataFrame, styles: Palette) -> Figure | None:
    """One row per schedule, best at the top: a dot for its rank in each table, and the mean; None for a single task.

    Where Friedman's test shows that the schedules differ, bars join those whose mean ranks are closer than the critical
    difference.
    """
    across = across_workloads(table)
    if across.empty:
        return None
    ranks = ranks_by_table(table)
    title = f"Rank by test error in every table, and the mean\n{_tested(across.iloc[0])}"
    figure, (axes,) = panels(title, 1, width=7.5, height=1.3 + 0.3 * len(across))
    for position, (name, mean) in enumerate(zip(across["scheduler"], across["mean_rank"], strict=True)):
        _draw_row(axes, position, ranks[name].to_numpy(dtype=float), mean, styles[name], series_id(name))
    axes.set(yticks=range(len(across)), xlabel="rank (1 is best)  ← better")
    axes.set_yticklabels(across["scheduler"])
    axes.set_ylim(len(across) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if _is_shown_to_differ(across.iloc[0]):
        _join(axes, indistinct_groups(across["mean_rank"], across["critical_difference"].iloc[0]))
    return figure


def _is_shown_to_differ(row: pd.Series) -> bool:
    return bool(row["friedman_p"] < ALPHA)


def _tested(row: pd.Series) -> str:
    counts = f"{row['tables']} tables of {count_noun(row['data_sets'], 'data set')}"
    if pd.isna(row["friedman_p"]):
        return f"{counts}: not tested, which takes {MIN_DATA_SETS} data sets and 3 schedules"
    if not _is_shown_to_differ(row):
        return f"{counts}: not shown to differ (Friedman's test)"
    return f"{counts}; bars join schedules closer than the critical difference of {row['critical_difference']:.2f}"


def _draw_row(axes: Axes, position: int, ranks: np.ndarray, mean: float, style: Style, gid: str) -> None:
    color = style["color"]
    axes.plot([ranks.min(), ranks.max()], [position] * 2, color=color, linewidth=1, alpha=0.4, gid=gid)
    dot = {"color": color, "marker": style["marker"], "alpha": 0.5, "markersize": 5.5, "markeredgewidth": 0}
    axes.plot(ranks, np.full(len(ranks), position), **dot, linestyle="", gid=gid)
    axes.plot(mean, position, "d", color=color, markersize=8, markeredgecolor="white", gid=gid)


def _join(axes: Axes, groups: list[tuple[int, int]]) -> None:
    """A bar beside the panel for every group of rows."""
    for number, (first, last) in enumerate(groups, 1):
        x = 1 + _BETWEEN_BARS * number
        ends = [first - 0.3, last + 0.3]
        axes.plot([x, x], ends, color=NOTE_COLOR, linewidth=2.4, transform=axes.get_yaxis_transform(), clip_on=False)
