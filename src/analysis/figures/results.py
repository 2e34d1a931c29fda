"""Figures of results: tuning, ranks by budget, performance profiles."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from src.analysis import stats
from src.analysis.budgets import common_times, ranks_by_budget, tasks_with_budgets
from src.analysis.figures.chart import Chart, Floats, Metric, Series
from src.analysis.figures.draw import MAX_OVERLAID, draw_chart
from src.analysis.figures.rank_lines import draw_rank_lines
from src.analysis.figures.style import Palette
from src.analysis.wording import join_names
from src.analysis.workloads import workload_title

HIGHEST_ERROR = 5  # times the lowest error of a schedule; what is higher did not train well
TICK_WIDTH = 0.5  # inches


def draw_sensitivity(sensitivity: pd.DataFrame, styles: Palette) -> Figure | None:
    """Median final validation error over peak lr; a cross at the top if half of the runs diverged."""
    is_trained = np.isfinite(sensitivity["median_val_loss"])
    if not is_trained.any():
        return None
    errors = (100 * sensitivity["median_val_error"]).where(is_trained)
    series = [
        Series(str(name), *_points(rows.dropna(subset="error"), "lr", "error"), crosses=_untrained(rows))
        for name, rows in sensitivity.assign(error=errors).sort_values("lr").groupby("name")
    ]
    series.sort(key=lambda curve: float(curve.y.min(initial=np.inf)))
    limit, notes = _highest_error([curve.y for curve in series])
    metric = Metric("validation error (%)", series, "lower", is_logarithmic=True, limits=limit)
    title = f"Sensitivity to the peak learning rate (median over the seeds)\n{workload_title(sensitivity.iloc[0])}"
    ticks = _spaced(sorted(sensitivity["lr"].unique()))
    order = "by error at the best rate, best first"
    prepare = _logarithmic(ticks)
    return draw_chart(
        Chart(title, "peak learning rate", [metric], order, prepare, number="lowest", notes=notes), styles
    )


def draw_tuning_trials(trials: pd.DataFrame, styles: Palette) -> Figure | None:
    """Expected validation error of the best tuning trial over the number of trials; None for a single trial."""
    if trials.empty or trials["trials"].max() < 2:
        return None
    percent = trials.assign(error=100 * trials["expected_val_error"])
    series = [Series(str(name), *_points(rows, "trials", "error")) for name, rows in percent.groupby("name")]
    series.sort(key=lambda curve: float(curve.y[-1]))
    metric = Metric("expected validation error of the best (%)", series, "lower", is_logarithmic=True, has_points=False)
    title = f"Best of k tuning trials\n{workload_title(trials.iloc[0])}"
    return draw_chart(Chart(title, "tuning trials k", [metric], "by the last value, best first", _trials_axis), styles)


def draw_rank_against_budget(table: pd.DataFrame, styles: Palette) -> Figure | None:
    """Rank by mean test error at each budget, averaged over tasks; None without several budgets."""
    ranks = ranks_by_budget(table)
    if ranks.shape[0] < 2 or ranks.shape[1] < 2:
        return None
    budgets = ranks.index.to_numpy(dtype=float)
    series = [Series(str(name), budgets, ranks[name].to_numpy(dtype=float)) for name in ranks]
    series.sort(key=lambda curve: float(curve.y[-1]))
    metric = Metric("rank (1 is best)", series, "lower", is_inverted=True)
    order = "by rank at the longest budget, best first"
    tasks = dict.fromkeys(" · ".join(task[:3]) for task in tasks_with_budgets(table))
    title = f"Rank by test error at each budget\n{join_names(list(tasks))}"
    chart = Chart(title, "budget (epochs)", [metric], order, _budget_axis(list(budgets)))
    return (draw_chart if len(series) <= MAX_OVERLAID else draw_rank_lines)(chart, styles)


def draw_performance_profile(table: pd.DataFrame, styles: Palette) -> Figure | None:
    """Fraction of workloads solved within a multiple of the fastest schedule's updates; None for fewer than two.

    A schedule that is missing in a workload is left out, because that is no failure.
    """
    times = common_times(table)
    if len(times) < 2 or times.shape[1] < 2:
        return None
    ratios = np.linspace(1, 4, 301)
    profile = stats.performance_profile(times.to_numpy(dtype=float), ratios)
    series = [Series(str(name), ratios, fractions) for name, fractions in zip(times.columns, profile, strict=True)]
    series.sort(key=lambda curve: -float(curve.y.mean()))
    metric = Metric(
        "fraction of workloads", series, "higher", is_staircase=True, has_points=False, limits=(-0.02, 1.02)
    )
    title, xlabel = f"Performance profile over {len(times)} workloads", "updates to the target, relative to the fastest"
    return draw_chart(Chart(title, xlabel, [metric], "fastest first", lambda _: None, number="first"), styles)


def _highest_error(errors: Sequence[Floats]) -> tuple[tuple[float, float] | None, list[str]]:
    """Limits that leave out errors far above the lowest ones of all schedules, with a note; None if there are none."""
    lowest = np.array([column.min() for column in errors if len(column)])
    top = HIGHEST_ERROR * lowest.max()
    if lowest.min() <= 0 or max(column.max(initial=0.0) for column in errors) <= top:
        return None, []
    return (0.93 * lowest.min(), top), [f"Errors above {top:.2g}% are outside the axis."]


def _points(rows: pd.DataFrame, x: str, y: str) -> tuple[Floats, Floats]:
    return rows[x].to_numpy(dtype=float), rows[y].to_numpy(dtype=float)


def _untrained(rows: pd.DataFrame) -> Floats:
    return rows.loc[rows["error"].isna(), "lr"].to_numpy(dtype=float)


def _logarithmic(ticks: Sequence[float]) -> Callable[[Axes], None]:
    """A log x axis with plain numbers at as many of the ticks as fit."""

    def prepare(axes: Axes) -> None:
        axes.set_xscale("log")
        figure = axes.get_figure(root=True)
        assert figure is not None
        most = int(figure.get_figwidth() * axes.get_position().width / TICK_WIDTH)
        axes.set_xticks(ticks[:: math.ceil(len(ticks) / most)], minor=False)
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_locator(NullLocator())

    return prepare


def _budget_axis(budgets: Sequence[float]) -> Callable[[Axes], None]:
    def prepare(axes: Axes) -> None:
        _logarithmic(budgets)(axes)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))

    return prepare


def _trials_axis(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(NullLocator())


def _spaced(lrs: Sequence[float]) -> list[float]:
    """The rates without those that are within a tenth of the one before, whose labels would overlap."""
    ticks: list[float] = []
    for lr in lrs:
        if not ticks or lr > 1.1 * ticks[-1]:
            ticks.append(lr)
    return ticks
