"""The comparison on the terminal."""

from __future__ import annotations

import pandas as pd
from rich.console import Console
from rich.table import Table

from src.analysis.report.reasons import reasons_notes
from src.analysis.report.tables import format_table, notes, split_by_workload
from src.terminal import make_console

# Columns that a narrow terminal omits, first to last.
DROP_ORDER = ("train s", "n", "P(better)", "test loss", "median Δ", "p (adjusted)")
_UNLIMITED = 10_000


def print_comparison(table: pd.DataFrame) -> None:
    """Prints the table of every workload, then the notes on the columns that there was room for."""
    console = make_console()
    texts: dict[str, None] = {}  # each note once, in order
    workloads = split_by_workload(table)
    for title, rows in workloads:
        text = _fit(format_table(rows), title, console)
        console.print(_make_table(text, title))
        texts |= dict.fromkeys(notes(rows, text.columns))
    for note in reasons_notes(workloads):
        console.print(note, highlight=False)
    console.print(*texts, style="dim", highlight=False)


def _fit(text: pd.DataFrame, title: str, console: Console) -> pd.DataFrame:
    """As many columns as the terminal has room for; the files have all of them."""
    order = [name for name in DROP_ORDER if name != "n" or text["n"].nunique() == 1]
    for num_dropped in range(len(order) + 1):
        kept = text[[name for name in text if name not in order[:num_dropped]]]
        table = _make_table(kept, title)
        if console.measure(table, options=console.options.update(max_width=_UNLIMITED)).maximum <= console.width:
            break
    return kept


def _make_table(text: pd.DataFrame, title: str) -> Table:
    table = Table(title=title, title_style="bold")
    for index, name in enumerate(text):
        heading = str(name).replace(" ", "\n", 1)  # a heading of two lines leaves more room for the numbers
        table.add_column(heading, justify="right" if index else "left", no_wrap=True)
    for row in text.itertuples(index=False):
        table.add_row(*map(str, row))
    return table
