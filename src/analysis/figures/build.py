"""The figures of a report: selects, draws and writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from src.analysis.figures.curves import (
    draw_accuracy_curves,
    draw_loss_curves,
    draw_lr_curves,
)
from src.analysis.figures.results import (
    draw_performance_profile,
    draw_rank_against_budget,
    draw_sensitivity,
    draw_test_errors,
    draw_tuning_trials,
)
from src.analysis.figures.save import KINDS, save_figure
from src.analysis.figures.style import palette
from src.analysis.labels import workload_names
from src.analysis.series import Series
from src.analysis.workloads import WORKLOAD, select_workload
from src.files import check_file

NAMES = (
    "test_error", "lr_curves", "loss_curves", "accuracy_curves", "lr_sensitivity", "tuning_trials",
    "rank_against_budget", "performance_profile",
)  # fmt: skip
CURVES: dict[str, Callable[..., Figure | None]] = {
    "lr_curves": draw_lr_curves,
    "loss_curves": draw_loss_curves,
    "accuracy_curves": draw_accuracy_curves,
}


def draw_figures(
    runs: pd.DataFrame,
    series: Series,
    table: pd.DataFrame,
    sensitivity: pd.DataFrame,
    trials: pd.DataFrame,
    folder: Path,
) -> list[Path]:
    """Writes every figure that has data, as PNG and SVG, with a number in the name if there are several workloads.

    Args:
        runs: The runs to draw, without tuning runs.
        series: Their curves.
        table: Their comparison.
        sensitivity: Results of the tuning runs by rate; may be empty.
        trials: `best_of_trials` of the tuning runs; may be empty.
        folder: Where the figures go; those of an earlier report are deleted.

    Returns:
        The paths of the files.

    Raises:
        UsageError: a folder is in the place of a file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for stale in (path for name in NAMES for kind in KINDS for path in folder.glob(f"{name}*.{kind}")):
        check_file(stale)
        stale.unlink()
    paths = []
    for name, figure in _figures(runs, series, table, sensitivity, trials):
        paths += save_figure(figure, folder, name)
    return paths


def _figures(
    runs: pd.DataFrame, series: Series, table: pd.DataFrame, sensitivity: pd.DataFrame, trials: pd.DataFrame
) -> Iterator[tuple[str, Figure]]:
    runs = runs.assign(name=workload_names(runs))
    table = table.assign(name=workload_names(table))
    sensitivity = sensitivity.assign(name=sensitivity["label"]) if len(sensitivity) else sensitivity
    styles = palette([*runs["name"], *table["name"], *(sensitivity["name"] if len(sensitivity) else [])])
    yield from _by_workload(
        "test_error", table, lambda rows: draw_test_errors(rows, select_workload(runs, rows), styles)
    )
    with_curves = runs[runs["folder"].isin(series.histories["folder"])]
    for name, draw in CURVES.items():
        yield from _by_workload(name, with_curves, partial(draw, series=series, styles=styles))
    if len(sensitivity):
        yield from _by_workload("lr_sensitivity", sensitivity, lambda rows: draw_sensitivity(rows, styles))
        named_trials = trials.assign(name=trials["label"])
        yield from _by_workload("tuning_trials", named_trials, lambda rows: draw_tuning_trials(rows, styles))
    if (ranks := draw_rank_against_budget(table, styles)) is not None:
        yield "rank_against_budget", ranks
    if (profile := draw_performance_profile(table, styles)) is not None:
        yield "performance_profile", profile


def _by_workload(
    name: str, rows: pd.DataFrame, draw: Callable[[pd.DataFrame], Figure | None]
) -> Iterator[tuple[str, Figure]]:
    """One figure per workload."""
    groups = list(rows.groupby(WORKLOAD, dropna=False, sort=False))
    for number, (_, group) in enumerate(groups, 1):
        if (figure := draw(group)) is not None:
            yield (f"{name}_{number}" if len(groups) > 1 else name), figure
