"""Runs without a result that counts: diverged, hopeless or failed."""

from __future__ import annotations

import pandas as pd

from src.status import LOST


def num_runs(table: pd.DataFrame) -> pd.Series:
    """How many runs each row of a comparison has, however they ended."""
    return table["n"] + table.get("interrupted", 0) + num_lost(table)


def num_lost(table: pd.DataFrame) -> pd.Series:
    """How many runs of each row of a comparison were lost. It has columns only for statuses that occur."""
    return table.reindex(columns=list(LOST), fill_value=0).fillna(0).astype(int).sum(axis=1)
