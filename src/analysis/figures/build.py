"""The figures of a report: selects, draws and writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from src.analysis.budgets import split_by_budgets
from src.analysis.figures.curves import draw_accuracy_curves, draw_loss_curves
from src.analysis.figures.error_dots import draw_test_errors
from src.analysis.figures.grid import GridFigure
from src.analysis.figures.lr_curves import draw_lr_curves
from src.analysis.figures.mean_ranks import draw_mean_ranks
from src.analysis.figures.results import (
    draw_performance_profile,
    draw_rank_against_budget,
    draw_sensitivity,
    draw_tuning_trials,
)
from src.analysis.figures.save import KINDS, save_figure
from src.analysis.figures.style import Palette, palette
from src.analysis.figures.wrong_lr import draw_cost_of_wrong_lr
from src.analysis.labels import tuned_names, workload_names
from src.analysis.lr_cost import cost_of_wrong_lr
from src.analysis.series import RunSeries
from src.analysis.workloads import WORKLOAD, select_workload
from src.files import check_file

NAMES = (
    "test_error", "lr_curves", "loss_curves", "accuracy_curves", "lr_sensitivity", "cost_of_wrong_lr",
    "tuning_trials", "rank_against_budget", "mean_ranks", "performance_profile",
)  # fmt: skip
_OWN_FILES = re.compile(rf"({'|'.join(NAMES)})(_\d+)?\.({'|'.join(KINDS)})")  # not test_error_for_paper.png
Draw = Callable[..., Figure | None]
CURVES_BY_EPOCH: dict[str, Draw] = {"loss_curves": draw_loss_curves, "accuracy_curves": draw_accuracy_curves}


def draw_figures(
    runs: pd.DataFrame,
    series: RunSeries,
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
    for stale in [path for path in folder.iterdir() if _OWN_FILES.fullmatch(path.name)]:
        check_file(stale)
        stale.unlink(missing_ok=True)  # another report may delete them at the same time
    paths = []
    for name, figure in _figures(runs, series, table, sensitivity, trials):
        paths += save_figure(figure, folder, name, fixed_margins=isinstance(figure, GridFigure))
    return paths


def _figures(
    runs: pd.DataFrame, series: RunSeries, table: pd.DataFrame, sensitivity: pd.DataFrame, trials: pd.DataFrame
) -> Iterator[tuple[str, Figure]]:
    runs, table, sensitivity, trials = map(_escape_dollars, (runs, table, sensitivity, trials))
    runs, table = (rows.assign(name=workload_names(rows)) for rows in (runs, table))
    costs = _named(cost_of_wrong_lr(sensitivity))
    sensitivity, trials = _named(sensitivity), _named(trials)
    styles = palette(name for rows in (table, runs, sensitivity) if len(rows) for name in rows["name"])
    with_curves = runs[runs["folder"].isin(series.histories["folder"])]
    by_epoch = with_curves[(with_curves["epochs"] > 1) | with_curves["seconds"].notna()]  # a curve, not a point
    drawn: dict[str, tuple[pd.DataFrame, Draw]] = {
        "test_error": (runs, lambda rows, styles: draw_test_errors(select_workload(table, rows), rows, styles)),
        "lr_curves": (with_curves, partial(draw_lr_curves, series=series)),
        **{name: (by_epoch, partial(draw, series=series)) for name, draw in CURVES_BY_EPOCH.items()},
        "lr_sensitivity": (sensitivity, draw_sensitivity),
        "cost_of_wrong_lr": (costs, draw_cost_of_wrong_lr),
        "tuning_trials": (trials, draw_tuning_trials),
    }
    workloads = _workloads(table, sensitivity)
    for name, (rows, draw) in drawn.items():
        yield from _by_workload(name, workloads, rows, draw, styles)
    yield from _by_budgets(table, styles)
    if (mean_ranks := draw_mean_ranks(table, styles)) is not None:
        yield "mean_ranks", mean_ranks
    if (profile := draw_performance_profile(table, styles)) is not None:
        yield "performance_profile", profile


def _named(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(name=tuned_names(rows)) if len(rows) else rows


def _escape_dollars(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with dollar signs in labels escaped: between two of them, matplotlib would parse a formula."""
    return rows.assign(label=rows["label"].str.replace("$", r"\$", regex=False)) if len(rows) else rows


def _workloads(table: pd.DataFrame, sensitivity: pd.DataFrame) -> list[pd.DataFrame]:
    """The rows of each workload, those of the comparison first, then of those that were only tuned."""
    rows = pd.concat([table, sensitivity]) if len(sensitivity) else table
    return [part for _, part in rows.groupby(WORKLOAD, dropna=False, sort=False)]


def _by_workload(
    name: str, workloads: list[pd.DataFrame], rows: pd.DataFrame, draw: Draw, styles: Palette
) -> Iterator[tuple[str, Figure]]:
    """One figure per workload that has rows, with the styles in the order of the comparison."""
    for number, workload in enumerate(workloads, 1):
        part = select_workload(rows, workload)
        ranked = {label: styles[label] for label in workload["name"]} | styles
        if len(part) and (figure := draw(part, styles=ranked)) is not None:
            yield (f"{name}_{number}" if len(workloads) > 1 else name), figure


def _by_budgets(table: pd.DataFrame, styles: Palette) -> Iterator[tuple[str, Figure]]:
    """One figure of ranks against budgets, or one for each set of budgets that tasks have."""
    parts = split_by_budgets(table)
    for number, part in enumerate(parts, 1):
        if (figure := draw_rank_against_budget(part, styles)) is not None:
            yield (f"rank_against_budget_{number}" if len(parts) > 1 else "rank_against_budget"), figure
