"""Schedules over budgets and workloads: who ranks where, whether ranks differ, how long they take to the target."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from src.analysis import stats
from src.analysis.collect import WORKLOAD
from src.analysis.style import workload_names

FAMILY = [name for name in WORKLOAD if name not in ("epochs", "seconds")]  # a workload at any budget


def budget_table(table: pd.DataFrame) -> pd.DataFrame:
    """For each schedule its mean test error and rank at every budget, its mean rank, and how often it is in the top.

    Empty where there is a single budget. A schedule that lost all runs of a budget ranks last there.
    """
    parts = []
    for family, rows in table.assign(name=workload_names(table)).groupby(FAMILY, dropna=False, sort=False):
        errors = _errors(rows)
        if len(errors) < 2:
            continue
        ranks = errors.rank(axis=1, na_option="bottom")
        part = pd.DataFrame(dict(zip(FAMILY, family, strict=True)), index=errors.columns)
        for budget in errors.index:
            part[f"test_error_{budget}"], part[f"rank_{budget}"] = errors.loc[budget], ranks.loc[budget]
        part["mean_rank"] = ranks.mean()
        part["top_1"], part["top_3"] = (ranks == 1).mean(), (ranks <= 3).mean()
        parts.append(part.rename_axis("scheduler").reset_index().sort_values("mean_rank"))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _errors(family: pd.DataFrame) -> pd.DataFrame:
    """Mean test errors of one family: a row a number of epochs, a column a name."""
    rows = family[family["seconds"].isna()]
    errors = rows.pivot_table(index="epochs", columns="name", values="test_error_mean", dropna=False)
    return errors.dropna(how="all")


def times_by_workload(table: pd.DataFrame) -> pd.DataFrame:
    """Median updates to the target: a row a workload, a column a schedule; infinite where half of the runs missed."""
    timed = table.assign(name=workload_names(table)).dropna(subset="target")
    times = timed.pivot_table(index=WORKLOAD, columns="name", values="step_to_target", dropna=False)
    return times.dropna(how="all", axis=0).dropna(how="all", axis=1)


def across_workloads(table: pd.DataFrame) -> pd.DataFrame:
    """Schedules over all workloads, smallest mean rank first; empty where less than two workloads have common ones.

    A workload is what it is at any budget: its budgets are not independent of each other, and share one vote, the mean
    of their ranks. Columns: scheduler, workloads, mean_rank, profile_area (how early it is at the targets, over all
    workloads and budgets), friedman_p, critical_difference; the last two are NaN below six workloads.
    """
    named = table.assign(name=workload_names(table))
    ranks = {}
    for family, rows in named.groupby(FAMILY, dropna=False, sort=False):
        if len(errors := _errors(rows)):
            ranks[family] = errors.rank(axis=1, na_option="bottom").mean()
    common = pd.DataFrame(ranks).T.dropna(axis=1)  # a schedule that some workload never saw has no rank among all
    num_workloads, num_schedules = common.shape
    if num_workloads < 2 or num_schedules < 2:
        return pd.DataFrame()
    is_tested = num_workloads >= stats.MIN_WORKLOADS and num_schedules >= 3
    result = pd.DataFrame({"workloads": num_workloads, "mean_rank": stats.mean_ranks(common)}, index=common.columns)
    result["profile_area"] = _profile_areas(table).reindex(common.columns)
    result["friedman_p"] = stats.friedman_p(common) if is_tested else math.nan
    critical = stats.critical_difference(num_workloads, num_schedules) if is_tested else math.nan
    result["critical_difference"] = critical
    return result.rename_axis("scheduler").reset_index().sort_values("mean_rank", kind="stable", ignore_index=True)


def _profile_areas(table: pd.DataFrame) -> pd.Series:
    times = times_by_workload(table)
    references = table["reference"].dropna().unique()
    if len(references) != 1 or references[0] not in times:
        return pd.Series(dtype=float)
    times = times[times[references[0]].notna()]  # where the reference was tried
    areas = stats.profile_area(times.to_numpy(dtype=float), times[references[0]].to_numpy(dtype=float))
    return pd.Series(np.asarray(areas), index=times.columns)
