"""Analyzes a published result again from its runs.csv: `python -m tests.republish docs/results/NAME`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pandas as pd

from src import layout
from src.analysis.collect import Collection
from src.analysis.figures.error_dots import draw_test_errors
from src.analysis.figures.grid import GridFigure
from src.analysis.figures.results import draw_sensitivity, draw_tuning_trials
from src.analysis.figures.save import save_figure
from src.analysis.figures.style import palette
from src.analysis.labels import workload_names
from src.analysis.report.escapes import to_csv
from src.analysis.report.latex import to_latex
from src.analysis.report.results import Results, compute_results
from src.analysis.report.tables import to_markdown
from src.analysis.tuning import with_tolerance
from src.analysis.workloads import with_workload
from src.files import write_text
from src.runs.upgrade import device_type_of

MARGINS = {"mnist": 0.0005}  # data.equivalence_margin, which runs.csv does not have


def read_results(folder: Path) -> Results:
    """The results that follow from the published runs and protocol; an earlier runs.csv lacks some columns."""
    runs = from_csv(pd.read_csv(folder / layout.RUNS))
    earlier = {"device_type": runs["device"].map(device_type_of), "cpu": None, "num_threads": None, "num_workers": None}
    missing = {name: column for name, column in earlier.items() if name not in runs}
    runs = with_workload(runs.assign(**missing))
    runs["settings"] = [{"data.equivalence_margin": MARGINS[name]} for name in runs["dataset"]]
    return compute_results(Collection(runs, problems=[]), sweep=json.loads((folder / layout.SWEEP).read_text()))


def from_csv(table: pd.DataFrame) -> pd.DataFrame:
    """A table from CSV without the apostrophes that mark text."""
    is_text = [name for name, column in table.items() if column.map(type).eq(str).any()]
    texts = {name: table[name].map(lambda cell: cell.removeprefix("'"), na_action="ignore") for name in is_text}
    return table.assign(**texts)


def tables(folder: Path) -> dict[str, str]:
    """The tables that follow from the runs, by file name."""
    results = read_results(folder)
    return {
        layout.COMPARISON_CSV: to_csv(results.table),
        layout.COMPARISON_MD: to_markdown(results.table),
        layout.COMPARISON_TEX: to_latex(results.table),
        layout.PAIRWISE: to_csv(results.pairs),
        layout.LR_SENSITIVITY: to_csv(with_tolerance(results.sensitivity)),
    }


def draw(folder: Path) -> None:
    """Draws the figures again that need no files of the runs."""
    results = read_results(folder)
    runs, table = (rows.assign(name=workload_names(rows)) for rows in (results.evaluation, results.table))
    sensitivity, trials = (rows.assign(name=rows["label"]) for rows in (results.sensitivity, results.trials))
    styles = palette(table["name"])
    figures = {
        "test_error": draw_test_errors(table, runs, styles),
        "lr_sensitivity": draw_sensitivity(sensitivity, styles),
        "tuning_trials": draw_tuning_trials(trials, styles),
    }
    for name, figure in figures.items():
        if figure is not None:
            save_figure(figure, folder / layout.FIGURES, name, fixed_margins=isinstance(figure, GridFigure))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    for name, text in tables(folder).items():
        write_text(folder / name, text)
    draw(folder)


if __name__ == "__main__":
    main()
