"""Figures of results: test errors, tuning, ranks by budget, performance profiles."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from src.analysis import stats
from src.analysis.budgets import ranks_by_budget, times_by_workload
from src.analysis.figures.style import Palette, legend, panels, scale_logarithmically
from src.analysis.workloads import workload_title

MAX_TICKS = 12  # learning rates that fit on an axis


def draw_test_errors(table: pd.DataFrame, runs: pd.DataFrame, styles: Palette) -> Figure | None:
    """One row per schedule, best at the top: a dot for each seed, the mean and its confidence interval."""
    rows = table.dropna(subset="test_error_mean").reset_index(drop=True)
    if rows.empty:
        return None
    contents = "every seed, mean and 95% interval" if rows["test_error_low"].notna().any() else "every seed and mean"
    title = f"Test error: {contents}\n{workload_title(rows.iloc[0])}"
    figure, (axes,) = panels(title, 1, width=7.5, height=1.3 + 0.34 * len(rows))
    for position, row in rows.iterrows():
        seeds = 1 - pd.to_numeric(
            runs[(runs["setting"] == row["setting"]) & (runs["status"] == "completed")]["test_accuracy"]
        )
        color = styles[row["name"]]["color"]
        axes.plot(
            100 * seeds, np.full(len(seeds), position), "o", color=color, alpha=0.35, markersize=5, markeredgewidth=0
        )
        low, high = row["test_error_low"], row["test_error_high"]
        if pd.notna(low):
            axes.plot([100 * low, 100 * high], [position, position], color=color, linewidth=2.4, solid_capstyle="butt")
        axes.plot(100 * row["test_error_mean"], position, "D", color=color, markersize=6, markeredgecolor="white")
    axes.set(yticks=range(len(rows)), xlabel="test error %")
    axes.set_yticklabels(rows["name"])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    return figure


def draw_sensitivity(sensitivity: pd.DataFrame, styles: Palette) -> Figure | None:
    """Median final validation error over peak lr; a cross at the top if half of the tuning runs diverged."""
    is_trained = np.isfinite(sensitivity["median_val_loss"])
    if not is_trained.any():
        return None
    figure, (axes,) = panels(
        f"Sensitivity to the peak learning rate\n{workload_title(sensitivity.iloc[0])}", 1, width=7.0
    )
    errors = (100 * sensitivity["median_val_error"]).where(is_trained)
    top = errors.max() * 1.1
    for name, rows in sensitivity.assign(error=errors).groupby("name"):
        ordered, style = rows.sort_values("lr"), styles[str(name)]
        trained, diverged = ordered.dropna(subset="error"), ordered[ordered["error"].isna()]
        axes.plot(trained["lr"], trained["error"], label=name, marker="o", markersize=3.5, **style)
        axes.plot(diverged["lr"], np.full(len(diverged), top), "x", color=style["color"])
    axes.set(xscale="log", xlabel="peak learning rate", ylabel="validation error % (median over tuning seeds)")
    ticks = _spaced(sorted(sensitivity["lr"].unique()))
    if len(ticks) <= MAX_TICKS:
        axes.set_xticks(ticks, minor=False)
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_locator(NullLocator())
    scale_logarithmically(axes)
    legend(figure, axes)
    return figure


def draw_tuning_trials(trials: pd.DataFrame, styles: Palette) -> Figure | None:
    """Expected validation error of the best tuning trial over the number of trials; None for a single trial."""
    if trials["trials"].max() < 2:
        return None
    figure, (axes,) = panels(f"Best of k tuning trials\n{workload_title(trials.iloc[0])}", 1, width=7.0)
    for name, rows in trials.groupby("name"):
        axes.plot(rows["trials"], 100 * rows["expected_val_error"], label=name, **styles[str(name)])
    axes.set(xscale="log", xlabel="tuning trials k", ylabel="expected validation error % of the best")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(NullLocator())
    scale_logarithmically(axes)
    legend(figure, axes)
    return figure


def _spaced(lrs: list[float]) -> list[float]:
    """The rates without those that are within a tenth of the one before, whose labels would overlap."""
    ticks: list[float] = []
    for lr in lrs:
        if not ticks or lr > 1.1 * ticks[-1]:
            ticks.append(lr)
    return ticks


def draw_rank_against_budget(table: pd.DataFrame, styles: Palette) -> Figure | None:
    """Rank by mean test error at each budget, averaged over workloads; None without several budgets."""
    ranks = ranks_by_budget(table)
    if ranks.shape[0] < 2 or ranks.shape[1] < 2:
        return None
    figure, (axes,) = panels("Rank by test error at each budget", 1, width=7.0)
    for name in ranks:
        axes.plot(ranks.index, ranks[name], label=name, marker="o", markersize=4, **styles[str(name)])
    axes.set(xscale="log", xlabel="budget (epochs)", ylabel="rank (1 is best)")
    axes.set_xticks(list(ranks.index))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.invert_yaxis()
    legend(figure, axes)
    return figure


def draw_performance_profile(table: pd.DataFrame, styles: Palette) -> Figure | None:
    """Fraction of workloads solved within a multiple of the fastest schedule's updates; None for fewer than two."""
    times = times_by_workload(table)
    if len(times) < 2 or times.shape[1] < 2:
        return None
    ratios = np.linspace(1, 4, 301)
    profile = stats.performance_profile(times.to_numpy(dtype=float), ratios)
    figure, (axes,) = panels(f"Performance profile over {len(times)} workloads", 1, width=7.0)
    for name, fractions in zip(times.columns, profile, strict=True):
        axes.step(ratios, fractions, where="post", label=name, **styles[name])
    axes.set(
        xlabel="updates to the target, relative to the fastest", ylabel="fraction of workloads", ylim=(-0.02, 1.02)
    )
    legend(figure, axes)
    return figure
