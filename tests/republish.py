"""Makes a published result again from its runs and their curves: `python -m tests.republish docs/results/NAME`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pandas as pd

from src import layout
from src.analysis.collect import Collection
from src.analysis.report.escapes import to_csv
from src.analysis.report.latex import to_latex
from src.analysis.report.results import Results, compute_results
from src.analysis.report.tables import to_markdown
from src.analysis.tuning import with_tolerance
from src.analysis.workloads import with_workload
from src.files import write_text
from src.runs.upgrade import device_type_of
from tests.republish_report import pack_curves, republish_report

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--made-again", type=Path, help="a sweep with its evaluation runs, for curves.zip")
    arguments = parser.parse_args()
    for name, text in tables(arguments.folder).items():
        write_text(arguments.folder / name, text)
    if arguments.made_again is not None:
        pack_curves(arguments.folder, arguments.made_again)
    republish_report(arguments.folder)


if __name__ == "__main__":
    main()
