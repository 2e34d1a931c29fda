"""Everything a sweep ends in: tables as CSV, Markdown and LaTeX, figures, report.html, the table on the terminal."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from src.analysis import wording as words
from src.analysis.budgets import across_workloads, budget_table
from src.analysis.collect import collect
from src.analysis.comparison import REFERENCE, comparison, evaluated, pairwise, untrainable
from src.analysis.figures.build import draw_figures
from src.analysis.figures.curves import SERIES, has_series
from src.analysis.report.events import write_events
from src.analysis.report.page import render
from src.analysis.report.tables import notes, readable, to_latex, to_markdown, workloads
from src.analysis.tuning import GROUP, is_tuning, sensitivity, tolerance
from src.errors import UsageError
from src.files import write_text
from src.terminal import make_console

log = logging.getLogger(__name__)

SWEEP_FILE = "sweep.json"
DROP_ORDER = ("train s", "n", "P(better)", "test loss", "p (Holm)")  # where a terminal is narrow, the first first


def build_report(folders: Sequence[Path], out: Path, reference: str | None = None) -> pd.DataFrame:
    """Rebuilds tables and figures in `out` from the records below `folders`; returns the comparison.

    Unless it is given, the reference schedule is that of the protocol in the sweep's file, otherwise `constant`. Of a
    protocol's folder only its own runs count.

    Raises:
        UsageError: there is no record, or none of the reference that was asked for.
    """
    sweep = _sweep_file(folders)
    protocol = (sweep or {}).get("protocol") or {}
    planned = {folders[0] / job["folder"] for job in (sweep or {}).get("jobs") or []}
    collection = collect(folders, only=planned if protocol else None)
    for problem in collection.problems:
        log.warning("Left out: %s", problem)
    runs = collection.runs
    if runs.empty:
        raise UsageError(f"no run record ({', '.join(map(str, folders))}): give the folder of a run or of a sweep")
    if reference is not None and reference not in set(runs["scheduler"]):
        known = ", ".join(sorted(set(runs["scheduler"])))
        raise UsageError(f"reference={reference}: there is no run of it; choose one of {known}")
    counted, untrained = evaluated(runs), untrainable(runs)
    if len(untrained):
        log.warning("No learning rate trained %s; a smaller optimizer.lr may help", ", ".join(untrained["label"]))
    if counted.empty:  # a sweep that was stopped while it tuned, or trained nothing
        counted, untrained = runs, untrained[:0]
    table = comparison(counted, reference or protocol.get("reference", REFERENCE), untrained)
    tuned = sensitivity(runs[is_tuning(runs)])
    pairs, across = pairwise(counted), across_workloads(table)
    missing = len(planned - set(map(Path, runs["folder"])))
    unfinished = _unfinished(missing, int((runs["status"] == "interrupted").sum()))
    _write_tables(out, runs, table, pairs, across, tuned, unfinished)
    print_comparison(table)
    _warn(runs, counted, unfinished)
    figures = draw_figures(counted, table, tuned, out / "figures")
    write_events(figures, out)
    page = render(
        table=table,
        pairs=pairs,
        across=across,
        runs=runs,
        sensitivity=tuned,
        figures=figures,
        problems=collection.problems,
        missing=missing,
        sweep=sweep,
        folder=out,
    )
    write_text(out / "report.html", page)
    log.info("Tables and figures in %s", out)
    return table


def _sweep_file(folders: Sequence[Path]) -> dict[str, Any] | None:
    """The command and plan of the sweep whose report this is; None of several, or of single runs."""
    path = folders[0] / SWEEP_FILE
    if len(folders) > 1 or not path.exists():
        return None
    try:
        content = json.loads(path.read_text())
    except ValueError as error:
        log.warning("%s cannot be read (%s): the tables are of all runs below it, whatever was planned", path, error)
        return None
    return content if isinstance(content, dict) else None


def _unfinished(missing: int, interrupted: int) -> str:
    if not missing and not interrupted:
        return ""
    return f"Not finished: {words.counted(missing, 'planned run')} without a record, {interrupted} interrupted."


def _warn(runs: pd.DataFrame, counted: pd.DataFrame, unfinished: str) -> None:
    """Of what is not in the tables or not in the figures."""
    if unfinished:
        log.warning(unfinished)
    for _, run in runs[runs["status"] == "failed"].iterrows():
        log.warning("Failed: %s: %s", run["folder"], str(run["error"]).partition("\n")[0])
    completed = counted[counted["status"] == "completed"]
    for folder in completed[~completed["folder"].map(has_series).astype(bool)]["folder"]:
        log.warning("Not drawn: %s lacks %s", folder, " or ".join(SERIES))


def _write_tables(
    out: Path,
    runs: pd.DataFrame,
    table: pd.DataFrame,
    pairs: pd.DataFrame,
    across: pd.DataFrame,
    tuned: pd.DataFrame,
    unfinished: str,
) -> None:
    """Every number in CSV, in full precision; the comparison for people as well."""
    write_text(out / "runs.csv", runs.drop(columns=["settings"]).to_csv(index=False))
    write_text(out / "comparison.csv", table.to_csv(index=False))
    write_text(out / "comparison.md", (f"**{unfinished}**\n\n" if unfinished else "") + to_markdown(table))
    write_text(out / "comparison.tex", (f"% {unfinished}\n" if unfinished else "") + to_latex(table))
    if len(tuned):
        tuned = _with_tolerance(tuned)
    for name, rows in {
        "lr_sensitivity": tuned,
        "pairwise": pairs,
        "budget_table": budget_table(table),
        "across_workloads": across,
    }.items():
        (out / f"{name}.csv").unlink(missing_ok=True)  # of an earlier report
        if len(rows):
            write_text(out / f"{name}.csv", rows.to_csv(index=False))


def _with_tolerance(tuned: pd.DataFrame) -> pd.DataFrame:
    """With the decades of lr within half a percentage point of the schedule's best, in each of its rows."""
    parts = []
    for _, grid in tuned.groupby(GROUP, dropna=False, sort=False):
        decades, at_least = tolerance(grid)
        parts.append(grid.assign(tolerance=decades, tolerance_at_least=at_least))
    return pd.concat(parts)


def print_comparison(table: pd.DataFrame) -> None:
    console = make_console()
    parts = workloads(table)
    for title, rows in parts:
        console.print(_fitting(readable(rows), title, console))
    console.print(*dict.fromkeys(note for _, rows in parts for note in notes(rows)), style="dim", highlight=False)


def _fitting(text: pd.DataFrame, title: str, console: Console) -> Table:
    """As many columns as the terminal has room for; the files have all of them."""
    for dropped in range(len(DROP_ORDER) + 1):
        kept = [name for name in text if name not in DROP_ORDER[:dropped]]
        table = Table(title=title, title_style="bold")
        for name in kept:
            heading = str(name).replace(" ", "\n", 1)  # on two lines, which leaves the numbers room
            table.add_column(heading, justify="left" if name == kept[0] else "right", no_wrap=True)
        for row in text[kept].itertuples(index=False):
            table.add_row(*map(str, row))
        if console.measure(table, options=console.options.update(max_width=10_000)).maximum <= console.width:
            break
    return table
