"""Schedules over budgets and workloads: who ranks where, and how long they take to the target."""

from __future__ import annotations

import pandas as pd

from src.analysis import stats
from src.analysis.collect import WORKLOAD

FAMILY = [name for name in WORKLOAD if name not in ("epochs", "seconds")]


def budget_table(table: pd.DataFrame) -> pd.DataFrame:
    """For each schedule its mean test error and rank at every budget, its mean rank, and how often it is in the top.

    Only of schedules whose label is the same at all budgets; empty where there is a single budget. A schedule that lost
    all runs of a budget ranks last there.
    """
    parts = []
    for family, rows in table[table["seconds"].isna()].groupby(FAMILY, dropna=False, sort=False):
        if rows["epochs"].nunique() < 2:
            continue
        errors = rows.pivot_table(index="label", columns="epochs", values="test_error_mean", dropna=False).sort_index(
            axis=1
        )
        ranks = errors.rank(na_option="bottom")
        part = pd.DataFrame(dict(zip(FAMILY, family, strict=True)), index=errors.index)
        for epochs in errors:
            part[f"test_error_{epochs}"], part[f"rank_{epochs}"] = errors[epochs], ranks[epochs]
        part["mean_rank"] = stats.mean_ranks(errors.T.to_numpy())
        part["top_1"], part["top_3"] = (ranks == 1).mean(axis=1), (ranks <= 3).mean(axis=1)
        parts.append(part.reset_index().sort_values("mean_rank"))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def times_by_workload(table: pd.DataFrame) -> pd.DataFrame:
    """Median updates to the target: a row a workload, a column a schedule; infinite where half of the runs missed."""
    timed = table.dropna(subset="target")
    times = timed.pivot_table(index=WORKLOAD, columns="label", values="step_to_target", dropna=False, aggfunc="min")
    return times.dropna(how="all", axis=0).dropna(how="all", axis=1)
