"""The tables of the page: the comparison, mean ranks, and what the columns mean."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from src.analysis.report.tables import COLUMNS, format_table
from src.analysis.wording import format_number


def comparison_table(rows: pd.DataFrame) -> pd.DataFrame:
    """The comparison of one workload, with verdict and test error first: a phone shows little more."""
    text = format_table(rows)
    first = [name for name in ("scheduler", "verdict", "test error %") if name in text]
    return text[[*first, *(name for name in text if name not in first)]]


def ranks_table(across: pd.DataFrame) -> pd.DataFrame:
    """Mean ranks and profile areas over all workloads; empty if there are none."""
    if across.empty:
        return across
    text = across[["scheduler"]].assign(**{"mean rank": across["mean_rank"].map("{:.2f}".format)})
    if across["profile_area"].notna().any():
        text["profile area"] = [format_number(area, ".3f") for area in across["profile_area"]]
    return text


def column_definitions(workloads: Sequence[pd.DataFrame]) -> list[tuple[str, str]]:
    """The columns that appear in the comparison of any workload, each with its definition."""
    names = dict.fromkeys(str(name) for rows in workloads for name in format_table(rows))
    definitions = [(name, COLUMNS.get("epochs to" if name.startswith("epochs to") else name, "")) for name in names]
    return [(name, text) for name, text in definitions if text]
