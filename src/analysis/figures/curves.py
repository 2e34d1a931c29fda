"""Training curves of the runs of one workload: learning rate, loss, accuracy."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from src.analysis.figures.style import Palette, legend, panels, scale_logarithmically
from src.analysis.series import Series
from src.analysis.workloads import workload_title


def draw_lr_curves(runs: pd.DataFrame, series: Series, styles: Palette) -> Figure | None:
    """The lr of every update, on a linear and a log axis, of one run per setting; None if there are no steps."""
    drawn = runs[runs["folder"].isin(series.steps)]
    if drawn.empty:
        return None
    figure, (linear, logarithmic) = panels(f"Learning rate\n{workload_title(runs.iloc[0])}", 2)
    lowest = math.inf
    for name, rows in drawn.groupby("name"):
        folder = rows["folder"].iloc[0]
        steps = series.steps[folder]
        num_updates = steps["step"].iloc[-1] + 1
        updates_per_epoch = num_updates / (series.histories["folder"] == folder).sum()
        epochs = np.append(steps["step"], num_updates) / updates_per_epoch
        lrs = np.append(steps["lr"], steps["lr"].tail(1))  # an lr holds until the next update, the last one to the end
        lowest = min(lowest, lrs[lrs > 0].min(initial=math.inf))
        for axes in (linear, logarithmic):
            axes.step(epochs, lrs, where="post", label=name, **styles[str(name)])
    peak = max(linear.get_ylim()[1], 1e-12)
    logarithmic.set(yscale="log", ylim=(max(peak * 1e-5, min(lowest, peak) * 0.7), peak * 1.3))
    for axes in (linear, logarithmic):
        axes.set(xlabel="epoch", ylabel="learning rate")
    legend(figure, linear)
    return figure


def draw_loss_curves(runs: pd.DataFrame, series: Series, styles: Palette) -> Figure:
    """Train and validation loss by epoch: median and interquartile band over seeds."""
    title = f"Loss (median, interquartile band)\n{workload_title(runs.iloc[0])}"
    figure, row = panels(title, 2)
    for axes, metric, name in zip(row, ("train_loss", "val_loss"), ("train loss", "validation loss"), strict=True):
        _bands(axes, runs, series.histories, metric, styles)
        axes.set(xlabel="epoch", ylabel=name)
        scale_logarithmically(axes)
    legend(figure, row[0])
    return figure


def draw_accuracy_curves(runs: pd.DataFrame, series: Series, styles: Palette) -> Figure:
    """Train and validation accuracy by epoch: median and interquartile band over seeds."""
    title = f"Accuracy (median, interquartile band)\n{workload_title(runs.iloc[0])}"
    figure, row = panels(title, 2)
    names = ("train accuracy %", "validation accuracy %")
    for axes, metric, name in zip(row, ("train_accuracy", "val_accuracy"), names, strict=True):
        _bands(axes, runs, series.histories, metric, styles, scale=100)
        axes.set(xlabel="epoch", ylabel=name)
    legend(figure, row[0])
    return figure


def _bands(
    axes: Axes, runs: pd.DataFrame, histories: pd.DataFrame, metric: str, styles: Palette, scale: float = 1
) -> None:
    epochs = histories[["folder", "epoch", metric]].replace([np.inf, -np.inf], np.nan)
    groups = epochs.merge(runs[["folder", "name"]], on="folder").groupby(["name", "epoch"])
    bands = scale * groups[metric].quantile([0.25, 0.5, 0.75]).unstack()
    for name, rows in bands.groupby(level="name"):
        style, epoch = styles[str(name)], rows.index.get_level_values("epoch")
        axes.plot(epoch, rows[0.5], label=name, marker="o", markersize=3, **style)
        axes.fill_between(epoch, rows[0.25], rows[0.75], color=style["color"], alpha=0.15, linewidth=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
