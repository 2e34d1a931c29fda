"""Training curves of the runs of one workload: loss and accuracy by epoch."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from src.analysis.figures.chart import Chart, Metric, Series
from src.analysis.figures.draw import draw_chart
from src.analysis.figures.style import Palette
from src.analysis.series import RunSeries
from src.analysis.workloads import workload_title
from src.status import LOST

MIN_SEEDS = 5  # for an interval over the seeds
_MAX_DOTS = 40  # epochs with a dot for every seed
_WORST = 1e300  # far beyond a 32-bit loss; unlike infinity, it can be interpolated


def order(runs: pd.DataFrame) -> str:
    """In which order the schedules come, for the heading of the legend; runs that only tune have no test error."""
    return "by mean test error, best first" if runs["test_accuracy"].notna().any() else "in alphabetical order"


def draw_loss_curves(runs: pd.DataFrame, series: RunSeries, styles: Palette) -> Figure:
    """Train and validation loss by epoch: median over the seeds, and their quartiles or a dot for each."""
    names = {"train_loss": "train loss", "val_loss": "validation loss"}
    return _draw("Loss", names, runs, series.histories, styles, better="lower")


def draw_accuracy_curves(runs: pd.DataFrame, series: RunSeries, styles: Palette) -> Figure:
    """Train and validation accuracy by epoch: median over the seeds, and their quartiles or a dot for each."""
    names = {"train_accuracy": "train accuracy (%)", "val_accuracy": "validation accuracy (%)"}
    return _draw("Accuracy", names, runs, series.histories, styles, better="higher")


def _draw(
    title: str,
    names: dict[str, str],
    runs: pd.DataFrame,
    histories: pd.DataFrame,
    styles: Palette,
    better: Literal["lower", "higher"],
) -> Figure:
    epochs = histories.merge(runs[["folder", "name", "status"]], on="folder").replace([np.inf, -np.inf], np.nan)
    epochs[list(names)] *= 100 if better == "higher" else 1
    metrics = [
        Metric(name, _series(epochs, column, styles, better), better, is_logarithmic=better == "lower", is_zoomed=True)
        for column, name in names.items()
    ]
    most_seeds = runs.groupby("name").size().max()
    spread = "median, interquartile range" if most_seeds >= MIN_SEEDS else "median, a dot for every seed"
    heading = f"{title} ({spread if most_seeds > 1 else 'one seed'})\n{workload_title(runs.iloc[0])}"
    return draw_chart(Chart(heading, "epoch", metrics, order(runs), _prepare, is_over_time=True), styles)


def _prepare(axes: Axes) -> None:
    axes.margins(x=0.02)
    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))


def _series(epochs: pd.DataFrame, metric: str, styles: Palette, better: Literal["lower", "higher"]) -> list[Series]:
    """The median of each schedule over its seeds, in the order of the styles.

    A median ends where half of the runs are lost: that of the others would look as if the schedule had recovered.
    """
    worst = _WORST if better == "lower" else -_WORST
    groups = _with_lost_epochs(epochs).fillna({metric: worst}).groupby(["name", "epoch"])[metric]
    quartiles = groups.quantile(np.array([0.25, 0.5, 0.75])).unstack()
    quartiles = quartiles.where(quartiles.abs() < _WORST / 100)
    num_seeds = epochs.groupby("name")["folder"].nunique()
    runs = dict(list(epochs.groupby("name")))
    series = []
    for name in [name for name in styles if name in runs]:
        rows = quartiles.loc[name]
        rows = rows.loc[: rows[0.5].last_valid_index()]
        x, low, middle, high = (np.asarray(column, dtype=float) for column in (rows.index, *rows.to_numpy().T))
        is_enough = num_seeds[name] >= MIN_SEEDS
        dots = _dots(runs[name], metric) if 1 < num_seeds[name] < MIN_SEEDS else None
        series.append(Series(name, x, middle, band=(low, high) if is_enough else None, dots=dots))
    return series


def _with_lost_epochs(epochs: pd.DataFrame) -> pd.DataFrame:
    """The epochs, and those that a lost run did not have while others of its schedule did, without metrics."""
    last = epochs.groupby("name")["epoch"].max()
    ends = epochs[epochs["status"].isin(LOST)].groupby(["folder", "name"])["epoch"].max()
    lost = [(*run, epoch) for run, end in ends.items() for epoch in range(int(end) + 1, int(last[run[1]]) + 1)]
    return pd.concat([epochs, pd.DataFrame(lost, columns=["folder", "name", "epoch"])]) if lost else epochs


def _dots(epochs: pd.DataFrame, metric: str) -> tuple[np.ndarray, np.ndarray]:
    """The epochs of every seed; of a long training, evenly spaced ones up to the last."""
    last = epochs["epoch"].max()
    drawn = epochs[(last - epochs["epoch"]) % -(-last // _MAX_DOTS) == 0]
    return drawn["epoch"].to_numpy(dtype=float), drawn[metric].to_numpy(dtype=float)
