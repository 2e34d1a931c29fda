"""Pictures of a sweep: lr, loss and accuracy curves, one colour and line style a schedule in all of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from src.analysis.collect import WORKLOAD
from src.analysis.tables import workload_title

# Okabe and Ito's colours, told apart by colour-blind eyes. Neighbours differ in line style as well, so that a curve
# shows through another that lies on it, and thirty-two schedules can be told apart.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#999999"]
LINES = ["-", "--", "-.", ":"]
STYLES = [(LINES[(index + index // 8) % 4], COLOURS[index % 8]) for index in range(32)]


SERIES = ("history.csv", "steps.csv")


def has_series(folder: str) -> bool:
    """Whether a run left what the pictures are drawn from."""
    return all((Path(folder) / name).exists() for name in SERIES)


def draw_figures(runs: pd.DataFrame, folder: Path) -> list[Path]:
    """Writes lr_curves, loss_curves and accuracy_curves for each workload, as PNG and SVG."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, kind in product(_FIGURES, ("png", "svg")):  # what an earlier report drew of other workloads
        for stale in folder.glob(f"{name}*.{kind}"):
            stale.unlink()
    drawn = runs[runs["status"].isin(["completed", "diverged"])]
    groups = list(drawn.groupby(WORKLOAD, dropna=False, sort=False))
    paths = []
    for number, (_, rows) in enumerate(groups):
        suffix = f"_{number + 1}" if len(groups) > 1 else ""
        for name, draw in _FIGURES.items():
            figure = draw(rows)
            for kind in ("png", "svg"):
                path = folder / f"{name}{suffix}.{kind}"
                figure.savefig(path, dpi=150)
                paths.append(path)
    return paths


def draw_lr_curves(runs: pd.DataFrame) -> Figure:
    """The lr of every update, linear and logarithmic, of each setting's first seed."""
    figure, (linear, logarithmic) = _panels(runs, "Learning rate", 2)
    lowest = math.inf
    for label, style, rows in _settings(runs):
        first = rows.iloc[0]
        steps = pd.read_csv(Path(first["folder"]) / "steps.csv")
        updates_per_epoch = len(steps) / max(1, len(_history(first)))
        ends = [*steps["step"], len(steps)]  # an update's lr holds until the next, the last one's to the end
        epochs = [end / updates_per_epoch for end in ends]
        lrs = [*steps["lr"], *steps["lr"].tail(1)]
        lowest = min([lowest, *(lr for lr in lrs if lr > 0)])
        for axes in (linear, logarithmic):
            axes.step(epochs, lrs, where="post", label=label, **style)
    peak = max(linear.get_ylim()[1], 1e-12)
    logarithmic.set(yscale="log", ylim=(max(peak * 1e-5, min(lowest, peak) * 0.7), peak * 1.3))
    for axes in (linear, logarithmic):
        axes.set(xlabel="epoch", ylabel="learning rate")
    _legend(figure, linear)
    return figure


def draw_loss_curves(runs: pd.DataFrame) -> Figure:
    """Train and validation loss by epoch: median and interquartile band over the seeds."""
    figure, panels = _panels(runs, "Loss (median, interquartile band)", 2)
    for axes, metric, name in zip(panels, ("train_loss", "val_loss"), ("train loss", "validation loss"), strict=True):
        _bands(axes, runs, metric)
        axes.set(xlabel="epoch", ylabel=name)
        _scale_logarithmically(axes)
    _legend(figure, panels[0])
    return figure


def draw_accuracy_curves(runs: pd.DataFrame) -> Figure:
    """Train and validation accuracy by epoch: median and interquartile band over the seeds."""
    figure, panels = _panels(runs, "Accuracy (median, interquartile band)", 2)
    names = ("train accuracy %", "validation accuracy %")
    for axes, metric, name in zip(panels, ("train_accuracy", "val_accuracy"), names, strict=True):
        _bands(axes, runs, metric, scale=100)
        axes.set(xlabel="epoch", ylabel=name)
    _legend(figure, panels[0])
    return figure


_FIGURES: dict[str, Callable[[pd.DataFrame], Figure]] = {
    "lr_curves": draw_lr_curves,
    "loss_curves": draw_loss_curves,
    "accuracy_curves": draw_accuracy_curves,
}


def _panels(runs: pd.DataFrame, title: str, count: int) -> tuple[Figure, Sequence[Axes]]:
    figure = Figure(figsize=(5.2 * count, 4.4), layout="constrained")
    panels = figure.subplots(1, count)
    figure.suptitle(f"{title}\n{workload_title(runs.iloc[0])}", fontsize=11)
    for axes in panels:
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    return figure, list(panels)


def _settings(runs: pd.DataFrame) -> list[tuple[str, dict[str, Any], pd.DataFrame]]:
    """Each setting with its label and style; settings that differ in lr or warmup alone have it in the label."""
    groups = list(runs.groupby(["label", "lr", "warmup", "setting"], sort=True, dropna=False))
    named = []
    for (line, colour), (_, rows) in zip(_styles(len(groups)), groups, strict=True):
        first = rows.iloc[0]
        namesakes = runs[runs["label"] == first["label"]]
        varied = [name for name in ("lr", "warmup") if namesakes[name].nunique() > 1]
        label = " ".join([first["label"], *(f"{name}={first[name]:g}" for name in varied)])
        named.append((label, {"color": colour, "linestyle": line, "linewidth": 1.6}, rows))
    return named


def _styles(count: int) -> list[tuple[str, str]]:
    return [STYLES[index % len(STYLES)] for index in range(count)]


def _bands(axes: Axes, runs: pd.DataFrame, metric: str, scale: float = 1) -> None:
    for label, style, rows in _settings(runs):
        histories = pd.concat([_history(row) for _, row in rows.iterrows()]).replace([np.inf, -np.inf], np.nan)
        by_epoch = histories.groupby("epoch")[metric]
        low, median, high = (by_epoch.quantile(q) * scale for q in (0.25, 0.5, 0.75))
        axes.plot(median.index, median, label=label, marker="o", markersize=3, **style)
        axes.fill_between(median.index, low, high, color=style["color"], alpha=0.15, linewidth=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _scale_logarithmically(axes: Axes) -> None:
    """Plain numbers on a log axis; left linear where every run diverged and there is nothing to scale."""
    drawn = [np.asarray(line.get_ydata(), dtype=float) for line in axes.lines]
    if not any((np.isfinite(values) & (values > 0)).any() for values in drawn):
        return
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5, 7)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())


def _history(run: pd.Series) -> pd.DataFrame:
    return pd.read_csv(Path(run["folder"]) / "history.csv")


def _legend(figure: Figure, axes: Axes) -> None:
    """Below the panels, in as many columns as fit; the figure grows by its rows."""
    handles, labels = axes.get_legend_handles_labels()
    if not labels:
        return
    columns = max(1, min(len(labels), int(figure.get_figwidth() / (0.75 + 0.075 * max(map(len, labels))))))
    figure.set_figheight(figure.get_figheight() + 0.19 * math.ceil(len(labels) / columns))
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, frameon=False, fontsize=9)
