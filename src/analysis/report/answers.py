"""What a report says first: the answer for each workload."""

from __future__ import annotations

from dataclasses import replace

from src.analysis.comparison import equivalence_margin
from src.analysis.report.answer import Answer, answer
from src.analysis.report.results import Results
from src.analysis.report.tables import split_by_workload
from src.analysis.workloads import select_workload


def answers(results: Results) -> list[Answer]:
    """The answer for each workload. A warning that its runs were made under different conditions comes first."""
    margins = {name: equivalence_margin(rows) for name, rows in results.runs.groupby("dataset", sort=False)}
    summaries = [
        answer(title, rows, select_workload(results.pairs, rows), margins[rows["dataset"].iloc[0]])
        for title, rows in split_by_workload(results.table)
    ]
    warnings = results.setup_warnings
    return [
        replace(summary, lines=(warnings[summary.title], *summary.lines)) if summary.title in warnings else summary
        for summary in summaries
    ]
