"""The files with the tables of a report: every number as CSV in full precision, the comparison for people as well."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from src import layout
from src.analysis.budgets import budget_table
from src.analysis.lr_cost import cost_of_wrong_lr
from src.analysis.report.caveats import tuning_alerts
from src.analysis.report.escapes import to_csv, to_markdown_text
from src.analysis.report.latex import to_latex
from src.analysis.report.results import Results
from src.analysis.report.tables import to_markdown
from src.analysis.tuning import with_tolerance
from src.analysis.wording import first_line
from src.files import write_text


def write_tables(results: Results, folder: Path) -> None:
    """Writes all tables into `folder`; removes those of an earlier report that would be empty now."""
    write_text(folder / layout.RUNS, format_runs(results.runs))
    for name, text in format_tables(results).items():
        if text:
            write_text(folder / name, text)
        else:
            (folder / name).unlink(missing_ok=True)


def format_runs(runs: pd.DataFrame) -> str:
    """One row per run, without what has no place in a cell: the traceback of an error stays in the record."""
    return to_csv(runs.assign(error=runs["error"].map(first_line)).drop(columns=["settings", "provenance"]))


def format_tables(results: Results) -> dict[str, str]:
    """Every table that follows from the runs, by file name; an empty text for one without rows."""
    unfinished = f"Not finished: {', '.join(results.unfinished)}." if results.unfinished else ""
    setups = [f"{title}: {warning}" for title, warning in results.setup_warnings.items()]
    warnings = [text for text in (unfinished, *results.seed_warnings, *setups, *tuning_alerts(results)) if text]
    markdown_note = "".join(f"**{to_markdown_text(text)}**\n\n" for text in warnings)
    latex_note = "".join(f"% {' '.join(text.splitlines())}\n" for text in warnings)
    others = {
        layout.LR_SENSITIVITY: with_tolerance(results.sensitivity),
        layout.COST_OF_WRONG_LR: cost_of_wrong_lr(results.sensitivity),
        layout.PAIRWISE: results.pairs,
        layout.BUDGET_TABLE: budget_table(results.table),
        layout.ACROSS_WORKLOADS: results.across,
    }
    return {
        layout.COMPARISON_CSV: to_csv(results.table),
        layout.COMPARISON_MD: markdown_note + to_markdown(results.table),
        layout.COMPARISON_TEX: latex_note + to_latex(results.table),
        **{name: to_csv(rows) if len(rows) else "" for name, rows in others.items()},
    }
