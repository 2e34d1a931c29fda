"""The tables of a report as files and on the terminal: all that a sweep that is interrupted waits for."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from src import layout
from src.analysis.own_files import check_own_files
from src.analysis.report.answers import answers
from src.analysis.report.results import Results, load_results
from src.analysis.report.table_files import write_tables
from src.analysis.report.terminal import print_answers, print_comparison
from src.analysis.wording import first_line
from src.announce import announcing
from src.files import check_files
from src.terminal import make_console

log = logging.getLogger(__name__)


def tabulate(
    folders: Sequence[Path], out: Path, reference: str | None = None, *, across_optimizer: bool = False
) -> Results:
    """Writes the tables into `out` and prints the comparison; returns what they are made from.

    Raises:
        UsageError: there are no records, or none of the given reference; or something else is in the place of a file.
    """
    check_files(out, layout.REPORT_FILES)
    check_own_files(out)
    with announcing("reading runs"):
        results = load_results(folders, reference, across_optimizer=across_optimizer)
    write_tables(results, out)
    print_comparison(results.table)
    _log_warnings(results)
    return results


def tabulate_unfinished(sweep: Path) -> None:
    """Compares what is finished of a sweep, without figures and page: these take most of the time of a report."""
    print_answers(answers(tabulate([sweep], sweep)))
    log.info("Tables: %s", sweep / layout.COMPARISON_MD)


def _log_warnings(results: Results) -> None:
    """Logs why the tables may mislead, and which runs failed."""
    if results.unfinished:
        log.warning("Not finished: %s", ", ".join(results.unfinished))
    for warning in results.seed_warnings:
        make_console().print(warning, highlight=False)
    for title, warning in results.setup_warnings.items():
        log.warning("%s: %s", title, warning)
    for _, run in results.runs[results.runs["status"] == "failed"].iterrows():
        log.warning("Failed: %s: %s", run["folder"], first_line(run["error"]))
