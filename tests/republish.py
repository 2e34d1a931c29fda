"""Makes a published result again from its runs and their curves: `python -m tests.republish docs/results/NAME`."""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from omegaconf import OmegaConf

from src import layout
from src.analysis.collect import Collection
from src.analysis.figures.build import draw_figures
from src.analysis.own_sweeps import reference_of
from src.analysis.report.results import Results, compute_results
from src.analysis.report.table_files import format_tables
from src.analysis.series import HISTORY_COLUMNS, RunSeries
from src.analysis.workloads import with_workload
from src.config import CONF
from src.runs.upgrade import device_type_of
from tests.published_files import SOURCES, read_sources, read_table, sweep_of, write
from tests.republish_report import CURVES, pack_curves, republish_report

WITHOUT_CURVES = RunSeries(pd.DataFrame(columns=["folder", *HISTORY_COLUMNS]), steps={}, problems=[])


def read_results(folder: Path) -> Results:
    """The results that follow from the published runs and protocol; an earlier runs.csv lacks some columns."""
    runs = from_csv(read_table(folder, layout.RUNS))
    earlier = {"device_type": runs["device"].map(device_type_of), "cpu": None, "num_threads": None, "num_workers": None}
    missing = {name: column for name, column in earlier.items() if name not in runs}
    runs = with_workload(runs.assign(**missing))
    margins = {name: {"data.equivalence_margin": equivalence_margin(name)} for name in runs["dataset"].unique()}
    runs = runs.assign(settings=runs["dataset"].map(margins), provenance=[{}] * len(runs))
    collection = Collection(runs, problems=[])
    if not (folder / SOURCES).exists():
        return compute_results(collection, sweep=json.loads((folder / layout.SWEEP).read_text()))
    sources = read_sources(folder)
    stored = json.loads((folder / SOURCES).read_text())["reference"]
    return compute_results(collection, stored or (lambda rows: _own_reference(rows, sources)))


def equivalence_margin(dataset: str) -> float:
    """`data.equivalence_margin`, which runs.csv does not have."""
    return float(OmegaConf.load(CONF / "data" / f"{dataset}.yaml").equivalence_margin)


def _own_reference(rows: pd.DataFrame, sources: dict[str, dict[str, object]]) -> str:
    """The reference in the protocols of the sweeps that some runs belong to."""
    (reference,) = {reference_of(sources[sweep_of(folder)]) for folder in rows["folder"]}
    assert reference is not None
    return reference


def from_csv(table: pd.DataFrame) -> pd.DataFrame:
    """A table from CSV without the apostrophes that mark text."""
    is_text = [name for name, column in table.items() if column.map(type).eq(str).any()]
    texts = {name: table[name].map(lambda cell: cell.removeprefix("'"), na_action="ignore") for name in is_text}
    return table.assign(**texts)


def tables(results: Results) -> dict[str, str]:
    """The tables that follow from the runs, by file name."""
    return {name: text for name, text in format_tables(results).items() if text}


def republish(folder: Path, figures: Sequence[str] = ()) -> None:
    """Writes the tables and, of a result without curves, the figures.

    Args:
        folder: Of the published result.
        figures: Names of figures without the number of the workload; by default those that are published.
    """
    results = read_results(folder)
    for name, text in tables(results).items():
        write(folder, name, text)
    if (folder / CURVES).exists():
        republish_report(folder)
    else:
        _draw(results, folder / layout.FIGURES, figures)


def _draw(results: Results, folder: Path, figures: Sequence[str]) -> None:
    """Draws the figures, as SVG only: there are many, and these are small and sharp."""
    names = figures or {path.stem.rstrip("_0123456789") for path in folder.iterdir()}
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with tempfile.TemporaryDirectory() as place:
        drawn = (results.evaluation, WITHOUT_CURVES, results.table, results.sensitivity, results.trials)
        for path in draw_figures(*drawn, Path(place)):
            if path.suffix == ".svg" and path.stem.rstrip("_0123456789") in names:
                shutil.copyfile(path, folder / path.name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--made-again", type=Path, help="a sweep with its evaluation runs, for curves.zip")
    arguments = parser.parse_args()
    if arguments.made_again is not None:
        pack_curves(arguments.folder, arguments.made_again)
    republish(arguments.folder)


if __name__ == "__main__":
    main()
