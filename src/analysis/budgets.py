"""Schedules over budgets and workloads: who ranks where, whether ranks differ, how long they take to the target."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from src.analysis import stats
from src.analysis.labels import workload_names
from src.analysis.workloads import WORKLOAD

FAMILY = [name for name in WORKLOAD if name not in ("epochs", "seconds", "timed_on")]  # a workload at any budget


def budget_table(table: pd.DataFrame) -> pd.DataFrame:
    """For each schedule its mean test error and rank at every budget, its mean rank, and how often it is in the top.

    Of schedules that have a row at all budgets; empty where there is a single one. One that lost runs at a budget ranks
    last there. Wall-clock budgets are not among these: `epochs` says nothing of them.
    """
    parts = []
    for family, errors in errors_by_family(table).items():
        if len(errors) < 2:
            continue
        ranks = ranked(errors)
        part = pd.DataFrame(dict(zip(FAMILY, family, strict=True)), index=errors.columns)
        for budget in errors.index:
            part[f"test_error_at_{budget}"], part[f"rank_at_{budget}"] = errors.loc[budget], ranks.loc[budget]
        part["mean_rank"] = ranks.mean()
        part["top_1_share"], part["top_3_share"] = (ranks == 1).mean(), (ranks <= 3).mean()
        parts.append(part.rename_axis("scheduler").reset_index().sort_values("mean_rank"))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def ranks_by_budget(table: pd.DataFrame) -> pd.DataFrame:
    """Mean ranks over the families with several budgets, at those they share: a row a budget, a column a schedule."""
    families = [ranked(errors) for errors in errors_by_family(table).values() if len(errors) > 1]
    if not families:
        return pd.DataFrame()
    shared = set.intersection(*(set(ranks.index) for ranks in families))
    everything = pd.concat(families)
    return everything[everything.index.isin(shared)].groupby(level=0).mean().dropna(axis=1)


def errors_by_family(table: pd.DataFrame) -> dict[tuple[Any, ...], pd.DataFrame]:
    """Mean test errors: a row a number of epochs, a column a schedule that was run at all of them.

    NaN where a schedule lost runs: the mean of the others is not what a user can expect.
    """
    named = table.assign(name=workload_names(table))
    named = named[named["seconds"].isna()]
    found = {}
    for family, rows in named.groupby(FAMILY, dropna=False, sort=False):
        lost = (rows["diverged"] + rows["failed"]) > 0
        errors = rows.assign(error=rows["test_error_mean"].mask(lost)).pivot(
            index="epochs", columns="name", values="error"
        )
        tried = rows.groupby("name")["epochs"].nunique()
        errors = errors[[name for name in errors if tried[name] == len(errors)]]
        if errors.notna().any(axis=None):
            found[family] = errors
    return found


def ranked(errors: pd.DataFrame) -> pd.DataFrame:
    """The ranks in each row, 1 the smallest, NaN last."""
    return errors.rank(axis=1, na_option="bottom")


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
    ranks = {family: ranked(errors).mean() for family, errors in errors_by_family(table).items()}
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
    times = times[times[references[0]].notna()].dropna(axis=1)  # where the reference was, what was there everywhere
    areas = stats.profile_area(times.to_numpy(dtype=float), times[references[0]].to_numpy(dtype=float))
    return pd.Series(np.asarray(areas), index=times.columns)
