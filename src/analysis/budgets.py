"""Schedules over several budgets and workloads: their ranks, whether ranks differ, and how fast they reach a target."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from src.analysis import stats
from src.analysis.labels import workload_names
from src.analysis.workloads import WORKLOAD

TASK = [name for name in WORKLOAD if name not in ("epochs", "seconds", "timed_on")]  # a workload without its budget


def budget_table(table: pd.DataFrame) -> pd.DataFrame:
    """Mean test error and rank of each schedule at every budget, its mean rank, and how often it is among the top.

    A budget is a number of epochs; runs with a time budget are left out. Only schedules with a row at every budget are
    included, and only tasks with several budgets. A schedule with failed or diverged runs at a budget ranks last there.
    """
    parts = []
    for task, errors in errors_by_task(table).items():
        if len(errors) < 2:
            continue
        ranks = rank_schedules(errors)
        part = pd.DataFrame(dict(zip(TASK, task, strict=True)), index=errors.columns)
        for budget in errors.index:
            part[f"test_error_at_{budget}"], part[f"rank_at_{budget}"] = errors.loc[budget], ranks.loc[budget]
        part["mean_rank"] = ranks.mean()
        part["top_1_share"], part["top_3_share"] = (ranks == 1).mean(), (ranks <= 3).mean()
        parts.append(part.rename_axis("scheduler").reset_index().sort_values("mean_rank"))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def ranks_by_budget(table: pd.DataFrame) -> pd.DataFrame:
    """Ranks averaged over the tasks with several budgets: one row per budget they share, one column per schedule."""
    ranks_by_task = [rank_schedules(errors) for errors in errors_by_task(table).values() if len(errors) > 1]
    if not ranks_by_task:
        return pd.DataFrame()
    shared_budgets = set.intersection(*(set(ranks.index) for ranks in ranks_by_task))
    ranks = pd.concat(ranks_by_task)
    return ranks[ranks.index.isin(shared_budgets)].groupby(level=0).mean().dropna(axis=1)


def errors_by_task(table: pd.DataFrame) -> dict[tuple[Any, ...], pd.DataFrame]:
    """Mean test errors of each task: one row per number of epochs, one column per schedule that has a row at all.

    NaN where a schedule has failed or diverged runs: the mean over its completed runs is not what a user can expect.
    """
    named = table.assign(name=workload_names(table))
    named = named[named["seconds"].isna()]
    errors_of = {}
    for task, rows in named.groupby(TASK, dropna=False, sort=False):
        has_failures = (rows["diverged"] + rows["failed"]) > 0
        errors = rows.assign(error=rows["test_error_mean"].mask(has_failures)).pivot(
            index="epochs", columns="name", values="error"
        )
        num_budgets = rows.groupby("name")["epochs"].nunique()
        errors = errors[[name for name in errors if num_budgets[name] == len(errors)]]
        if errors.notna().any(axis=None):
            errors_of[task] = errors
    return errors_of


def rank_schedules(errors: pd.DataFrame) -> pd.DataFrame:
    """The rank of each schedule within its row; 1 is the smallest error, ties share their mean, NaN ranks last."""
    return errors.rank(axis=1, na_option="bottom")


def times_by_workload(table: pd.DataFrame) -> pd.DataFrame:
    """Median updates to the target: one row per workload, one column per schedule.

    Infinite where half of the runs or more missed the target.
    """
    timed = table.assign(name=workload_names(table)).dropna(subset="target")
    times = timed.pivot_table(index=WORKLOAD, columns="name", values="step_to_target", dropna=False)
    return times.dropna(how="all", axis=0).dropna(how="all", axis=1)


def across_workloads(table: pd.DataFrame) -> pd.DataFrame:
    """Mean ranks over all workloads, smallest first; empty unless at least two workloads share two schedules.

    Workloads that differ only in their budget are not independent: their ranks are averaged first, and they count as
    one. Columns: scheduler, workloads, mean_rank, profile_area (over all workloads and budgets), friedman_p,
    critical_difference. The last two are NaN for fewer than six workloads or three schedules.
    """
    ranks = {task: rank_schedules(errors).mean() for task, errors in errors_by_task(table).items()}
    common = pd.DataFrame(ranks).T.dropna(axis=1)  # only schedules that every workload has
    num_workloads, num_schedules = common.shape
    if num_workloads < 2 or num_schedules < 2:
        return pd.DataFrame()
    is_tested = num_workloads >= stats.MIN_WORKLOADS and num_schedules >= 3
    mean_ranks = rank_schedules(common).mean()
    result = pd.DataFrame({"workloads": num_workloads, "mean_rank": mean_ranks}, index=common.columns)
    result["profile_area"] = _profile_areas(table).reindex(common.columns)
    result["friedman_p"] = stats.friedman_p(common) if is_tested else math.nan
    critical_difference = stats.critical_difference(num_workloads, num_schedules) if is_tested else math.nan
    result["critical_difference"] = critical_difference
    return result.rename_axis("scheduler").reset_index().sort_values("mean_rank", kind="stable", ignore_index=True)


def _profile_areas(table: pd.DataFrame) -> pd.Series:
    """Profile areas relative to the reference, over the workloads in which the reference was timed.

    Only schedules that were timed in all of them are included; empty unless there is exactly one reference.
    """
    times = times_by_workload(table)
    references = table["reference"].dropna().unique()
    if len(references) != 1 or references[0] not in times:
        return pd.Series(dtype=float)
    times = times[times[references[0]].notna()].dropna(axis=1)
    areas = stats.profile_area(times.to_numpy(dtype=float), times[references[0]].to_numpy(dtype=float))
    return pd.Series(np.asarray(areas), index=times.columns)
