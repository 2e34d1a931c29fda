"""Training curves of the runs of one workload: learning rate, loss, accuracy."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from src import layout
from src.analysis.figures.style import Palette, legend, panels, scale_logarithmically
from src.analysis.workloads import workload_title

SERIES = (layout.HISTORY, layout.STEPS)


def has_series(folder: str) -> bool:
    """Whether a run folder contains the files that the curves are drawn from."""
    return all((Path(folder) / name).exists() for name in SERIES)


def draw_lr_curves(runs: pd.DataFrame, histories: pd.DataFrame, styles: Palette) -> Figure:
    """The lr of every update, on a linear and a log axis; the first seed of each setting."""
    figure, (linear, logarithmic) = panels(f"Learning rate\n{workload_title(runs.iloc[0])}", 2)
    lowest = math.inf
    for name, rows in runs.groupby("name"):
        first = rows.iloc[0]
        steps = pd.read_csv(Path(first["folder"]) / layout.STEPS, usecols=["step", "lr"])
        updates_per_epoch = len(steps) / max(1, (histories["folder"] == first["folder"]).sum())
        epochs = np.append(steps["step"], len(steps)) / updates_per_epoch
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


def read_histories(folders: Iterable[str]) -> pd.DataFrame:
    """The epochs of all runs as one table with their `folder`; one parse, because there may be thousands of files."""
    lines: dict[str, list[str]] = {}
    paths = list(folders)
    for index, folder in enumerate(paths):
        header, _, rows = (Path(folder) / layout.HISTORY).read_text().partition("\n")
        lines.setdefault(header, []).extend(f"{index},{row}" for row in rows.splitlines())
    tables = [
        pd.read_csv(io.StringIO("\n".join([f"folder,{header}", *rows]))) for header, rows in lines.items() if rows
    ]
    histories = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["folder", "epoch"])
    return histories.assign(folder=histories["folder"].map(dict(enumerate(paths))))


def draw_loss_curves(runs: pd.DataFrame, histories: pd.DataFrame, styles: Palette) -> Figure:
    """Train and validation loss by epoch: median and interquartile band over seeds."""
    title = f"Loss (median, interquartile band)\n{workload_title(runs.iloc[0])}"
    figure, row = panels(title, 2)
    for axes, metric, name in zip(row, ("train_loss", "val_loss"), ("train loss", "validation loss"), strict=True):
        _bands(axes, runs, histories, metric, styles)
        axes.set(xlabel="epoch", ylabel=name)
        scale_logarithmically(axes)
    legend(figure, row[0])
    return figure


def draw_accuracy_curves(runs: pd.DataFrame, histories: pd.DataFrame, styles: Palette) -> Figure:
    """Train and validation accuracy by epoch: median and interquartile band over seeds."""
    title = f"Accuracy (median, interquartile band)\n{workload_title(runs.iloc[0])}"
    figure, row = panels(title, 2)
    names = ("train accuracy %", "validation accuracy %")
    for axes, metric, name in zip(row, ("train_accuracy", "val_accuracy"), names, strict=True):
        _bands(axes, runs, histories, metric, styles, scale=100)
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
