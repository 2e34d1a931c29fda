"""Publishes what several sweeps say about a question: their runs, and the tables and figures that follow from them.

`python -m tests.publish_question docs/results/questions/NAME outputs/sweeps/A outputs/sweeps/B --reference LABEL`
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import OmegaConf

from src import layout
from src.analysis.collect import Collection
from src.analysis.figures.build import draw_figures
from src.analysis.report.escapes import to_csv
from src.analysis.report.results import Results, compute_results
from src.analysis.report.tables import to_markdown
from src.analysis.report.tabulate import tabulate
from src.analysis.series import read_series
from src.analysis.sweep_file import read_sweep_file
from src.analysis.tuning import with_tolerance
from src.analysis.workloads import with_workload
from src.config import CONF
from src.files import write_text
from tests.republish import from_csv

SOURCES = "sources.json"  # the reference, and the command and the commit of each sweep
FIGURES = ("test_error", "lr_sensitivity")
_PLACES = ("data.mirror=", "data.root=", "data.folder=")  # where files lie on one machine


def publish(folder: Path, sweeps: Sequence[Path], reference: str, *, across_optimizer: bool) -> None:
    """Writes the runs and the tables and figures that follow from them into `folder`."""
    with tempfile.TemporaryDirectory() as report:
        results = tabulate(sweeps, Path(report), reference, across_optimizer=across_optimizer)
        runs = pd.read_csv(Path(report) / layout.RUNS, dtype=str, keep_default_na=False)
    draw(results, folder / layout.FIGURES)
    write_text(folder / layout.RUNS, runs.assign(folder=runs["folder"].map(_from_sweep)).to_csv(index=False))
    sources = {"reference": reference, "sweeps": {sweep.name: _source(sweep) for sweep in sweeps}}
    write_text(folder / SOURCES, json.dumps(sources, indent=1) + "\n")
    for name, text in tables(folder).items():
        write_text(folder / name, text)


def draw(results: Results, folder: Path) -> None:
    """Draws the figures that need no curves."""
    series = read_series(results.evaluation)
    for path in draw_figures(results.evaluation, series, results.table, results.sensitivity, results.trials, folder):
        if not path.name.startswith(FIGURES):
            path.unlink()


def read_results(folder: Path) -> Results:
    """The results that follow from the published runs."""
    runs = with_workload(from_csv(pd.read_csv(folder / layout.RUNS)))
    margins = {name: OmegaConf.load(CONF / "data" / f"{name}.yaml").equivalence_margin for name in set(runs["dataset"])}
    runs["settings"] = [{"data.equivalence_margin": margins[name]} for name in runs["dataset"]]
    return compute_results(Collection(runs, problems=[]), json.loads((folder / SOURCES).read_text())["reference"])


def tables(folder: Path) -> dict[str, str]:
    """The tables that follow from the published runs, by file name."""
    results = read_results(folder)
    texts = {
        layout.COMPARISON_CSV: to_csv(results.table),
        layout.COMPARISON_MD: to_markdown(results.table),
        layout.PAIRWISE: to_csv(results.pairs),
    }
    if len(results.sensitivity):  # nothing was tuned otherwise
        texts[layout.LR_SENSITIVITY] = to_csv(with_tolerance(results.sensitivity))
    return texts


def _source(sweep: Path) -> dict[str, Any]:
    """How a sweep was made, without the folders of one machine."""
    content = read_sweep_file(sweep)
    arguments = [word for word in content["command"] if "=" in word and not word.startswith(_PLACES)]
    return {
        "arguments": arguments,
        "protocol": content["protocol"],
        "git_sha": content["provenance"]["git_sha"],
        "git_dirty": content["provenance"]["git_dirty"],
    }


def _from_sweep(folder: str) -> str:
    """The folder of a run, from that of its sweep: `questions-sgd/runs/...`."""
    sweep, runs, rest = folder.partition("/runs/")
    return Path(sweep).name + runs + rest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("sweeps", type=Path, nargs="+")
    parser.add_argument("--reference", required=True, help="the setting that the others are compared with")
    parser.add_argument("--across-optimizer", action="store_true", help="as across=optimizer of a report")
    arguments = parser.parse_args()
    publish(arguments.folder, arguments.sweeps, arguments.reference, across_optimizer=arguments.across_optimizer)


if __name__ == "__main__":
    main()
