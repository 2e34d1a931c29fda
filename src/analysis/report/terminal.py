"""The comparison and the answer on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from rich.console import Console
from rich.table import Table

from src import layout
from src.analysis.report.answer import Answer
from src.analysis.report.reasons import reasons_notes
from src.analysis.report.tables import format_table, notes, split_by_workload, split_notes, untested_notes
from src.terminal import make_console

# Columns that a narrow terminal omits, first to last.
DROP_ORDER = (
    "train s", "n", "P(better)", "test loss", "median Δ", "epochs to", "last error %", "p (adjusted)", "warmup",
    "peak lr", "Δ", "common error %",
)  # fmt: skip
_UNLIMITED = 10_000
NUM_LINES = 3  # of an answer; the page has all of them


def print_comparison(table: pd.DataFrame) -> None:
    """Prints the table of every workload, then the notes on the columns that there was room for.

    That nothing was tested is left to the answers, which come next.
    """
    console = make_console()
    legends: dict[str, list[str]] = {}
    omitted: dict[str, None] = {}
    workloads = split_by_workload(table)
    for title, rows in workloads:
        text = format_table(rows)
        shown = _fit(text, console)
        wide = make_console()  # a table that is still too wide is not cut: half a number would be another number
        wide.width = max(console.width, _width(shown, console))
        wide.print(_make_table(shown, title))
        legends[title] = [note for note in notes(rows, shown.columns) if note not in untested_notes(rows)]
        omitted |= dict.fromkeys(str(name) for name in text if name not in shown)
    for note in reasons_notes(workloads):
        console.print(note, highlight=False)
    shared, own = split_notes(legends)
    if omitted:
        shared.append(f"Not shown, for lack of room: {', '.join(omitted)}; see {layout.COMPARISON_CSV}.")
    for paragraph in filter(None, [" ".join(shared), *own]):
        console.print(paragraph, style="dim", highlight=False)


def print_answers(summaries: Sequence[Answer]) -> None:
    """Prints what the comparison shows, in words: the first lines of the answer for each workload."""
    console = make_console()
    for summary in summaries:
        if len(summaries) > 1:
            console.print(f"\n{summary.title}", style="dim", markup=False, highlight=False)
        first, *others = summary.lines[:NUM_LINES]
        console.print(first, style="bold", markup=False, highlight=False)
        for line in others:
            console.print(line, markup=False, highlight=False)


def _fit(text: pd.DataFrame, console: Console) -> pd.DataFrame:
    """As many columns as the terminal has room for; the files have all of them."""
    order = _omissible(text)
    for num_dropped in range(len(order) + 1):
        kept = text[[name for name in text if name not in order[:num_dropped]]]
        if _width(kept, console) <= console.width:
            break
    return kept


def _omissible(text: pd.DataFrame) -> list[str]:
    """The columns that may be omitted, first to last. Those that tell rows apart may not."""
    order = []
    for name in DROP_ORDER:
        if name == "n" and text["n"].nunique() > 1:
            continue
        if name in ("peak lr", "warmup") and text["scheduler"].duplicated().any():
            continue
        order += [column for column in map(str, text) if column == name or column.startswith(f"{name} ")]
    return order


def _width(text: pd.DataFrame, console: Console) -> int:
    """Characters that the table takes, without its title."""
    options = console.options.update(max_width=_UNLIMITED)
    return console.measure(_make_table(text, ""), options=options).maximum


def _make_table(text: pd.DataFrame, title: str) -> Table:
    table = Table(title=title, title_style="bold")
    for index, name in enumerate(text):
        heading = str(name).replace(" ", "\n", 1)  # a heading of two lines leaves more room for the numbers
        table.add_column(heading, justify="right" if index else "left", no_wrap=True)
    for row in text.itertuples(index=False):
        table.add_row(*map(str, row))
    return table
