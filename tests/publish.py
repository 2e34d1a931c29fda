"""Publishes runs, tables and figures of several sweeps: `python -m tests.publish docs/results/NAME SWEEP...`.

With `--across-optimizer`, optimizers share a table, as in a report with `across=optimizer`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from src import layout
from src.analysis.report.results import load_results
from src.analysis.report.table_files import format_runs
from src.analysis.sweep_file import read_sweep_file
from src.files import write_text
from tests.published_files import SOURCES, write
from tests.republish import republish

FIGURES = ("test_error", "cost_of_wrong_lr", "rank_against_budget", "mean_ranks")
_NOT_PUBLISHED = ("jobs", "packs")  # of sweep.json; the folders of runs.csv say the same


def publish(
    folder: Path,
    sweeps: Sequence[Path],
    figures: Sequence[str],
    reference: str | None = None,
    *,
    across_optimizer: bool = False,
) -> None:
    """Writes the runs of finished sweeps and what follows from them.

    Args:
        folder: Where the result is published.
        sweeps: Folders of sweeps.
        figures: Names of the figures to publish.
        reference: What the others are compared with; by default what the sweeps say.
        across_optimizer: Whether runs that differ in the optimizer alone share a table.

    Raises:
        SystemExit: a sweep is not finished.
    """
    results = load_results(sweeps, reference, across_optimizer=across_optimizer)
    if results.unfinished or results.problems:
        raise SystemExit(f"error: not finished: {', '.join([*results.unfinished, *results.problems])}")
    folder.mkdir(parents=True, exist_ok=True)
    write(folder, layout.RUNS, format_runs(_from_sweeps(results.runs)))
    content = {"reference": reference, "sweeps": {sweep.name: _source(sweep) for sweep in sweeps}}
    write_text(folder / SOURCES, json.dumps(content, indent=1) + "\n")
    republish(folder, figures)


def _from_sweeps(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs with folders from that of the sweep on: `NAME/runs/mnist/...`."""
    folders = [
        f"{Path(sweep).name}/runs/{rest}" for sweep, _, rest in runs["folder"].str.partition("/runs/").to_numpy()
    ]
    return runs.assign(folder=folders)


def _source(sweep: Path) -> dict[str, Any]:
    """The command, the protocol and the commit of a sweep."""
    return {key: value for key, value in read_sweep_file(sweep).items() if key not in _NOT_PUBLISHED}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("sweeps", type=Path, nargs="+")
    parser.add_argument("--figures", nargs="+", default=FIGURES)
    parser.add_argument("--reference")
    parser.add_argument("--across-optimizer", action="store_true")
    arguments = parser.parse_args()
    publish(
        arguments.folder,
        arguments.sweeps,
        arguments.figures,
        arguments.reference,
        across_optimizer=arguments.across_optimizer,
    )


if __name__ == "__main__":
    main()
