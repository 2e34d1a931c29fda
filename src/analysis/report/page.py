"""The report as one self-contained HTML page: the answer first, then what it is based on."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from src.analysis.report.answer import Answer
from src.analysis.report.caveats import tuning_alerts
from src.analysis.report.overview import overview, ranks_in_words
from src.analysis.report.page_commands import commands
from src.analysis.report.page_figures import definitions, figure_colors, page_figures
from src.analysis.report.page_method import method
from src.analysis.report.page_provenance import provenance
from src.analysis.report.page_runs import RUN_COLUMNS, failures, run_lists
from src.analysis.report.page_tables import column_definitions, comparison_table, ranks_table
from src.analysis.report.page_tuning import learning_rate_grids
from src.analysis.report.reasons import reasons_notes
from src.analysis.report.results import Results
from src.analysis.report.tables import notes, split_by_workload, split_notes
from src.analysis.tuning import is_tuning
from src.analysis.wording import count_noun, join_names

HERE = Path(__file__).parent
TEMPLATE, STYLE, SCRIPT = "page.html.j2", "page.css", "page.js"


def render(results: Results, answers: Sequence[Answer], figures: Sequence[Path], folder: Path) -> str:
    """The HTML of the page.

    Args:
        results: What the page shows.
        answers: Of the results.
        figures: PNG and SVG files. A figure that exists as both is shown once.
        folder: Where the page will be saved; links are relative to it.
    """
    runs, sweep = results.runs, results.sweep
    workloads = split_by_workload(results.table)
    shared, own = split_notes({title: notes(rows) for title, rows in workloads})
    drawn = page_figures(figures, folder)
    script = (HERE / SCRIPT).read_text()
    return (
        _environment()
        .get_template(TEMPLATE)
        .render(
            title=f"Learning-rate schedules on {join_names(sorted(set(runs['dataset'])))}",
            summary=_summary(results),
            alerts=_alerts(results),
            overview=overview(answers),
            answers=answers,
            tables=[(title, comparison_table(rows)) for title, rows in workloads],
            is_ranked=bool(results.table["test_error_mean"].notna().any()),
            ranks=ranks_table(results.across),
            ranks_line=ranks_in_words(results.across),
            figures=drawn,
            definitions=Markup(definitions(drawn)),
            style=Markup((HERE / STYLE).read_text()),
            colors=Markup(figure_colors(drawn)),
            script=Markup(script),
            script_hash=_hash(script),
            grids=learning_rate_grids(results.sensitivity, results.choices),
            run_columns=RUN_COLUMNS,
            runs=run_lists(runs, folder),
            failures=failures(runs, folder),
            problems=results.problems,
            method=method(runs, sweep),
            notes=[*shared, *own, *reasons_notes(workloads)],
            columns=column_definitions([rows for _, rows in workloads]),
            commands=commands(runs, sweep),
            provenance=provenance(runs, sweep),
        )
    )


def _hash(script: str) -> str:
    """What the page's security policy allows to run: this script and no other."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,  # names and error messages can hold anything
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _alerts(results: Results) -> list[str]:
    """What a reader must know before the first number."""
    runs = results.runs
    fallbacks = runs[runs["dataset"] != runs["dataset_requested"]][["dataset", "dataset_requested"]].drop_duplicates()
    alerts = [
        f"{requested} was unavailable, so these runs used {used} instead. Results on {used} say nothing about "
        f"{requested}."
        for used, requested in fallbacks.itertuples(index=False)
    ]
    if results.unfinished:
        alerts.append(f"Not finished: {', '.join(results.unfinished)}. Run the same command to resume.")
    return [*alerts, *results.seed_warnings, *tuning_alerts(results)]


def _summary(results: Results) -> str:
    runs = results.runs
    num_tuning = int(is_tuning(runs).sum())
    purposes = f": {num_tuning} for tuning, {len(runs) - num_tuning} for evaluation" if num_tuning else ""
    ended_at = str(runs["finished_at"].max())[:16].replace("T", " ")
    return f"{count_noun(len(runs), 'run')}{purposes}. The last run ended at {ended_at} UTC."
