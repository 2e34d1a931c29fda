"""Schedules over several tables: their ranks, whether ranks differ, and how fast schedules reach a target."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from src.analysis import stats
from src.analysis.labels import workload_names
from src.analysis.losses import num_lost
from src.analysis.workloads import WORKLOAD

TASK = [name for name in WORKLOAD if name not in ("epochs", "seconds", "timed_on")]  # a workload without its budget
_DECIMALS = 12  # means that are equal otherwise differ by rounding errors


def budget_table(table: pd.DataFrame) -> pd.DataFrame:
    """Mean test error and rank of each schedule at every budget, its mean rank, and how often it is among the top.

    A budget is a number of epochs; runs with a time budget are left out. Only schedules that are compared at every
    budget are included, and only tasks with several budgets. A schedule with failed or diverged runs at a budget ranks
    last there.
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
    """Ranks averaged over the tasks with several budgets: one row per budget, one column per schedule they share."""
    tasks = list(tasks_with_budgets(table).values())
    if not tasks:
        return pd.DataFrame()
    budgets, names = _shared(tasks)
    return pd.concat([rank_schedules(errors.loc[budgets, names]) for errors in tasks]).groupby(level=0).mean()


def split_by_budgets(table: pd.DataFrame) -> list[pd.DataFrame]:
    """The table if its tasks with several budgets share two of them and two schedules.

    Otherwise a part for each set of budgets, and for each task of a set where they do not share two schedules.
    """
    tasks = tasks_with_budgets(table)
    if not tasks or _share_enough(list(tasks.values())):
        return [table]
    alike: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    for task, errors in tasks.items():
        alike.setdefault(tuple(errors.index), []).append(task)
    parts: list[list[tuple[Any, ...]]] = []
    for group in alike.values():
        parts += [group] if _share_enough([tasks[task] for task in group]) else [[task] for task in group]
    tasks_of_rows = list(table[TASK].itertuples(index=False, name=None))
    return [table[[own in part for own in tasks_of_rows]] for part in parts]


def tasks_with_budgets(table: pd.DataFrame) -> dict[tuple[Any, ...], pd.DataFrame]:
    """`errors_by_task` of the tasks with several budgets, by the values of TASK."""
    return {task: errors for task, errors in errors_by_task(table).items() if len(errors) > 1}


def _shared(tasks: Sequence[pd.DataFrame]) -> tuple[list[Any], list[str]]:
    """The budgets and the schedules that all tasks have. A rank counts only among the same schedules."""
    first, *others = tasks
    budgets = [budget for budget in first.index if all(budget in errors.index for errors in others)]
    return budgets, _shared_schedules(tasks)


def _shared_schedules(tasks: Sequence[pd.DataFrame]) -> list[str]:
    return [str(name) for name in tasks[0] if all(name in errors for errors in tasks)]


def _share_enough(tasks: Sequence[pd.DataFrame]) -> bool:
    return all(len(shared) > 1 for shared in _shared(tasks))


def errors_by_task(table: pd.DataFrame) -> dict[tuple[Any, ...], pd.DataFrame]:
    """Mean test errors of each task over the common seeds: one row per number of epochs, one column per schedule.

    NaN where a schedule has failed or diverged runs, or no learning rate trained it: the mean over its completed runs
    is not what a user can expect. Schedules are left out that are not ranked for another reason, such as too few seeds.
    """
    named = table.assign(name=workload_names(table))
    named = named[named["seconds"].isna() & ~_is_unfinished(named)]
    errors_of = {}
    for task, rows in named.groupby(TASK, dropna=False, sort=False):
        errors = rows.pivot(index="epochs", columns="name", values="common_error_mean")
        num_budgets = rows.groupby("name")["epochs"].nunique()
        errors = errors[[name for name in errors if num_budgets[name] == len(errors)]]
        if errors.notna().any(axis=None):
            errors_of[task] = errors
    return errors_of


def _is_unfinished(table: pd.DataFrame) -> pd.Series:
    """Rows that are not ranked although nothing failed: too few seeds, tuning runs only, or interrupted runs only."""
    has_failures = num_lost(table) > 0
    has_runs = (table["n"] + table["interrupted"]) > 0
    return table["common_error_mean"].isna() & ~has_failures & has_runs


def rank_schedules(errors: pd.DataFrame) -> pd.DataFrame:
    """The rank of each schedule within its row; 1 is the smallest error, ties share their mean, NaN ranks last."""
    return errors.round(_DECIMALS).rank(axis=1, na_option="bottom")


def times_by_workload(table: pd.DataFrame) -> pd.DataFrame:
    """Median updates to the target: one row per workload, one column per schedule.

    Infinite where half of the runs or more missed the target.
    """
    timed = table.assign(name=workload_names(table)).dropna(subset="target")
    timed = timed.assign(workload=timed.groupby(WORKLOAD, dropna=False, sort=False).ngroup())
    times = timed.pivot(index="workload", columns="name", values="step_to_target")
    return times.dropna(how="all", axis=0).dropna(how="all", axis=1)


def common_times(table: pd.DataFrame) -> pd.DataFrame:
    """The same for the schedules that have runs in every workload with a target.

    Infinite, too, where no learning rate trained the schedule.
    """
    named = table.assign(name=workload_names(table), workload=table.groupby(WORKLOAD, dropna=False).ngroup())
    has_target = named.groupby("workload")["target"].transform("count") > 0
    timed = named[has_target & ~(named["target"].isna() & _is_unfinished(named))]
    times = timed.pivot(index="workload", columns="name", values="step_to_target").fillna(math.inf)
    num_workloads = timed.groupby("name")["workload"].nunique()
    return times[[name for name in times if num_workloads[name] == len(times)]]


def across_workloads(table: pd.DataFrame) -> pd.DataFrame:
    """Mean ranks over all tables, smallest first; empty unless at least two tasks share two schedules.

    Results on the same data set are not independent, whatever the model, optimizer, batch size, budget or device: they
    come from the same examples. Friedman's test counts data sets, as in Demšar (JMLR 2006), so ranks are averaged over
    the tables of each data set first. Averages vary less than single ranks, so the critical difference is too large
    rather than too small.

    Columns: scheduler, tables, data_sets, mean_rank, profile_area (over all tables), friedman_p, critical_difference.
    The last two are NaN for fewer than six data sets or three schedules.
    """
    ranks = ranks_by_table(table)
    if ranks.empty:
        return pd.DataFrame()
    ranks_by_data_set = ranks.groupby(level=0).mean()
    num_data_sets, num_schedules = ranks_by_data_set.shape
    is_tested = num_data_sets >= stats.MIN_DATA_SETS and num_schedules >= 3
    result = pd.DataFrame({"tables": len(ranks), "data_sets": num_data_sets}, index=ranks.columns)
    result["mean_rank"] = ranks_by_data_set.mean()
    result["profile_area"] = _profile_areas(table).reindex(ranks.columns)
    result["friedman_p"] = stats.friedman_p(rank_schedules(ranks_by_data_set)) if is_tested else math.nan
    critical_difference = stats.critical_difference(num_data_sets, num_schedules) if is_tested else math.nan
    result["critical_difference"] = critical_difference
    return result.rename_axis("scheduler").reset_index().sort_values("mean_rank", kind="stable", ignore_index=True)


def ranks_by_table(table: pd.DataFrame) -> pd.DataFrame:
    """The ranks of the schedules that all tables share: one row per table, with its data set and budget as index.

    Empty unless at least two tasks share two schedules.
    """
    tasks = errors_by_task(table)
    if len(tasks) < 2 or len(common := _shared_schedules(list(tasks.values()))) < 2:
        return pd.DataFrame()
    data_sets = [task[TASK.index("dataset")] for task in tasks]
    return pd.concat([rank_schedules(errors[common]) for errors in tasks.values()], keys=data_sets)


def _profile_areas(table: pd.DataFrame) -> pd.Series:
    """Profile areas relative to the reference, over the tables in which the reference was timed.

    Only schedules that were timed in all of them are included; empty unless there is exactly one reference.
    """
    times = times_by_workload(table)
    references = table["reference"].dropna().unique()
    if len(references) != 1 or references[0] not in times:
        return pd.Series(dtype=float)
    times = times[times[references[0]].notna()].dropna(axis=1)
    areas = stats.profile_area(times.to_numpy(dtype=float), times[references[0]].to_numpy(dtype=float))
    return pd.Series(np.asarray(areas), index=times.columns)
