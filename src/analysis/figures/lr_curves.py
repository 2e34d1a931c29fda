"""Learning-rate curves of the runs of one workload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from src.analysis.figures.chart import Chart, Metric, Series, join_equal
from src.analysis.figures.curves import order
from src.analysis.figures.draw import MAX_OVERLAID
from src.analysis.figures.end_labels import full_labels
from src.analysis.figures.grid import label_times, make_panels, write_number
from src.analysis.figures.lr_panel import draw_lr_panel, legend_handles, outline
from src.analysis.figures.overlay import draw_overlay
from src.analysis.figures.style import Palette
from src.analysis.series import RunSeries
from src.analysis.workloads import workload_title
from src.config.resolvers import updates_per_epoch

DECADES = 5  # largest range of the logarithmic axis
_EXACT = 200  # updates; of longer runs, points that change nothing visible are left out


def draw_lr_curves(runs: pd.DataFrame, series: RunSeries, styles: Palette) -> Figure | None:
    """The lr of every update, on a linear and a log axis, of one run per setting; None if there are no steps."""
    drawn = runs[runs["folder"].isin(series.steps)]
    if drawn.empty:
        return None
    runs_by_name = {run["name"]: run for run in drawn.drop_duplicates("name").to_dict("records")}
    num_epochs = series.histories.groupby("folder").size()
    curves = [
        _curve(run, series.steps[run["folder"]], int(num_epochs[run["folder"]]))
        for run in (runs_by_name[name] for name in styles if name in runs_by_name)
    ]
    title = f"Learning rate\n{workload_title(runs.iloc[0])}"
    metric = Metric("learning rate", curves, is_staircase=True, has_points=False)
    chart = join_equal(Chart(title, "epoch", [metric], order(runs), _prepare, is_over_time=True))
    if len(chart.labels) > MAX_OVERLAID:
        return _draw_multiples(chart, styles)
    return draw_overlay(replace(chart, metrics=_scaled_metrics(chart.metrics[0])), styles)


def _curve(run: Mapping[Any, Any], steps: pd.DataFrame, num_epochs: int) -> Series:
    num_updates = steps["step"].iloc[-1] + 1  # some may be missing if the file was damaged
    ends_in_an_epoch = not pd.isna(run["seconds"])
    per_epoch = _updates_per_epoch(run["settings"]) if ends_in_an_epoch else num_updates / num_epochs
    epochs = np.append(steps["step"], num_updates) / per_epoch
    lrs = np.append(steps["lr"], steps["lr"].tail(1))  # an lr holds until the next update, the last one to the end
    return Series(run["name"], epochs.astype(float), lrs.astype(float))


def _updates_per_epoch(settings: Mapping[str, Any]) -> int:
    train_size = settings["data.num_train"] - settings["data.num_val"]
    return updates_per_epoch(train_size, settings["batch_size"], settings["trainer.accumulate_batches"])


def _prepare(axes: Axes) -> None:
    axes.margins(x=0.02)
    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))


def _scaled_metrics(metric: Metric) -> list[Metric]:
    """The metric on a linear and a logarithmic axis."""
    lrs = np.concatenate([series.y for series in metric.series])
    peak = max(float(lrs.max(initial=0.0)), 1e-12)
    lowest = float(lrs[lrs > 0].min(initial=peak))
    limits = max(peak * 10**-DECADES, lowest * 0.7), peak * 1.3
    if max(len(series.x) for series in metric.series) <= _EXACT:
        return [metric, replace(metric, is_logarithmic=True, limits=limits)]
    linear = [_thinned(series, peak) for series in metric.series]
    logarithmic = [_thinned_logarithm(series, limits) for series in metric.series]
    metric = replace(metric, is_staircase=False)
    return [
        replace(metric, series=linear),
        replace(metric, series=logarithmic, is_logarithmic=True, limits=limits),
    ]


def _thinned(series: Series, peak: float) -> Series:
    """The series without points that change nothing visible."""
    x, heights = outline(series.y[:-1] / peak, float(series.x[-1]))
    return replace(series, x=x, y=heights * peak)


def _thinned_logarithm(series: Series, limits: tuple[float, float]) -> Series:
    """The same on a logarithmic axis, with an lr of 0 at its lower end."""
    low, high = np.log10(limits)
    logarithms = np.log10(series.y[:-1].clip(limits[0] / 2))
    x, heights = outline((logarithms - low) / (high - low), float(series.x[-1]))
    return replace(series, x=x, y=10 ** (heights * (high - low) + low))


def _draw_multiples(chart: Chart, styles: Palette) -> Figure:
    """A panel per schedule with lr / peak, as in a preview."""
    series = chart.metrics[0].series
    notes = [f"Panels: {chart.heading}. The number is the peak.", *full_labels(chart.labels), *chart.notes]
    figure, panels = make_panels(len(series), chart.title, chart.xlabel, legend_handles(), notes)
    length = max(float(curve.x[-1]) for curve in series)
    for axes, curve in zip(panels, series, strict=True):
        peak = float(curve.y.max(initial=0.0))
        heights, label = curve.y[:-1] / (peak or 1.0), chart.labels[curve.name]
        draw_lr_panel(axes, curve.name, heights, float(curve.x[-1]), styles, label)
        write_number(axes, f"{peak:g}")
        axes.set_xlim(0, length)
        label_times(axes, length, num_ticks=5)
    return figure
