"""Builds a report from run records: tables, figures, the HTML page, and the comparison on the terminal."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from src import layout
from src.analysis.figures.build import draw_figures
from src.analysis.report.answers import answers
from src.analysis.report.events import write_events
from src.analysis.report.page import render
from src.analysis.report.tabulate import tabulate
from src.analysis.report.terminal import print_answers
from src.analysis.series import read_series
from src.announce import announcing
from src.files import check_folder, write_text

log = logging.getLogger(__name__)


def build_report(
    folders: Sequence[Path], out: Path, reference: str | None = None, *, across_optimizer: bool = False
) -> pd.DataFrame:
    """Writes tables, figures and the report page into `out` from the records below `folders`.

    Args:
        folders: Folders of runs or of sweeps. From the folder of a sweep with a protocol, only planned runs are read.
        out: The output folder; created if needed.
        reference: The reference schedule or setting; by default that of the sweep, otherwise `constant`.
        across_optimizer: Whether runs that differ in the optimizer alone share a table.

    Returns:
        The comparison.

    Raises:
        UsageError: there are no records, or none of the given reference; or a folder is in the place of an output file.
    """
    check_folder(out / layout.FIGURES)
    results = tabulate(folders, out, reference, across_optimizer=across_optimizer)
    with announcing("reading curves"):
        series = read_series(results.evaluation)
    for problem in series.problems:
        log.warning("Not drawn: %s", problem)
    results = replace(results, problems=[*results.problems, *series.problems])
    tables = (results.table, results.sensitivity, results.trials)
    with announcing("drawing figures"):
        figures = draw_figures(results.evaluation, series, *tables, out / layout.FIGURES)
        write_events(figures, out)
    summaries = answers(results)
    write_text(out / layout.REPORT, render(results, summaries, figures, out))
    print_answers(summaries)
    log.info("Report: %s", out / layout.REPORT)
    return results.table
