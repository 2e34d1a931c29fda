"""The learning rates that tuning chose, on the terminal."""

from __future__ import annotations

import pandas as pd
from rich.table import Table

from src.analysis.wording import count_noun
from src.terminal import make_console

_EDGES = {-1: "lower", 1: "upper"}


def print_chosen_rates(choices: pd.DataFrame) -> None:
    """Prints a row for each schedule and budget, with a warning where the best rate lies at an edge of the grid.

    Args:
        choices: The result of `choose`.
    """
    has_budgets = choices["epochs"].nunique() > 1
    table = Table(title="Best learning rates", title_justify="left", box=None, padding=(0, 2))
    table.add_column("schedule", no_wrap=True)
    if has_budgets:
        table.add_column("epochs", justify="right")
    table.add_column("best lr", no_wrap=True)
    table.add_column()
    for (epochs, label), rows in choices.groupby(["epochs", "label"], sort=False):
        table.add_row(str(label), *[str(epochs)] * has_budgets, rate_range(rows["lr"]), edge_note(rows))
    make_console().print(table)


def rate_range(lrs: pd.Series) -> str:
    """`0.05` or, if the seeds were tuned separately, `0.016 to 0.05`; a dash if no rate trains the schedule."""
    lowest, highest = lrs.min(), lrs.max()
    if pd.isna(lowest):
        return "–"
    return f"{lowest:g}" if lowest == highest else f"{lowest:g} to {highest:g}"


def edge_note(rows: pd.DataFrame) -> str:
    """Whether the best rate lies at an edge of the grid, where a better one may lie outside.

    Args:
        rows: The choices of one schedule, one for each seed that was tuned by itself.
    """
    edges = rows["edge"].where(rows["lr"].notna())
    notes = {f"at the {name} edge of the grid": edges == edge for edge, name in _EDGES.items()}
    notes["no rate trains it"] = rows["lr"].isna()
    total = len(rows)
    return ", ".join(
        note if total == 1 else f"{note} for {mask.sum()} of {count_noun(total, 'seed')}"
        for note, mask in notes.items()
        if mask.any()
    )
