"""Everything a sweep ends in: runs.csv, comparison.csv, comparison.md, figures, and the table on the terminal."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from src.analysis.collect import collect
from src.analysis.figures import SERIES, draw_figures, has_series
from src.analysis.tables import NOTE, comparison, readable, to_markdown, workloads
from src.atomic import write_text
from src.errors import UsageError

log = logging.getLogger(__name__)


def build_report(folders: Sequence[Path], out: Path) -> pd.DataFrame:
    """Rebuilds tables and figures in `out` from the records below `folders`; returns the comparison.

    Raises:
        UsageError: there is no record.
    """
    collection = collect(folders)
    for problem in collection.problems:
        log.warning("Left out: %s", problem)
    runs = collection.runs
    if runs.empty:
        raise UsageError(f"no run record ({', '.join(map(str, folders))}): give the folder of a run or of a sweep")
    table = comparison(runs)
    write_text(out / "runs.csv", runs.drop(columns=["settings"]).to_csv(index=False))
    write_text(out / "comparison.csv", table.to_csv(index=False))
    write_text(out / "comparison.md", to_markdown(table))
    print_comparison(table)
    for _, run in runs[runs["status"] == "failed"].iterrows():
        log.warning("Failed: %s: %s", run["folder"], str(run["error"]).partition("\n")[0])
    drawable = runs["folder"].map(has_series)
    for folder in runs[~drawable & (runs["status"] == "completed")]["folder"]:
        log.warning("Not drawn: %s lacks %s", folder, " or ".join(SERIES))
    draw_figures(runs[drawable], out / "figures")
    log.info("Tables and figures in %s", out)
    return table


def print_comparison(table: pd.DataFrame) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=120)  # a log file has no width, and rich would guess 80 and cut columns
    for title, rows in workloads(table):
        printed = Table(title=title, title_style="bold")
        for position, name in enumerate(text := readable(rows)):
            heading = str(name).replace(" ", "\n", 1)  # on two lines, which leaves the numbers room
            printed.add_column(heading, justify="left" if position == 0 else "right", no_wrap=True)
        for row in text.itertuples(index=False):
            printed.add_row(*map(str, row))
        console.print(printed)
    console.print(NOTE, style="dim")
