"""Tests between all pairs of settings of a workload."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pandas as pd

from src.analysis import stats
from src.analysis.comparison import errors_by_seed, with_test_error
from src.analysis.workloads import WORKLOAD
from src.status import LOST


def pairwise(runs: pd.DataFrame) -> pd.DataFrame:
    """One row for each pair of settings with at least two common seeds, adjusted by Holm over the pairs of a workload.

    `difference` is the test error of the first minus that of the second.
    """
    workloads = with_test_error(runs).groupby(WORKLOAD, dropna=False, sort=False)
    parts = [part for part in (_compare_pairs(rows) for _, rows in workloads) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _compare_pairs(workload: pd.DataFrame) -> pd.DataFrame:
    settings = [rows for _, rows in workload.groupby("setting", sort=False)]
    samples, pairs = [], []
    for first, second in combinations(settings, 2):
        errors, other_errors = stats.at_common_seeds(errors_by_seed(first), errors_by_seed(second))
        if len(errors) < 2:
            continue
        differences = stats.paired_differences(errors, other_errors)
        p_better = stats.probability_of_improvement(errors, other_errors)
        samples.append(differences)
        pairs.append(_names(first, second) | _difference(differences) | {"p_better": p_better})
    p = stats.sign_flip_p_values(samples)
    return pd.DataFrame(pairs).assign(p=p, p_holm=stats.holm(p)) if pairs else pd.DataFrame()


def _names(first: pd.DataFrame, second: pd.DataFrame) -> dict[str, Any]:
    """The two settings, and how many runs of each failed or diverged."""
    columns: dict[str, Any] = {name: first.iloc[0][name] for name in WORKLOAD}
    for place, rows in (("first", first), ("second", second)):
        run = rows.iloc[0]
        columns |= {place: run["label"], f"{place}_lr": run["lr"], f"{place}_warmup": run["warmup"]}
        columns[f"{place}_lost"] = int(rows["status"].isin(LOST).sum())
    return columns


def _difference(differences: stats.Floats) -> dict[str, Any]:
    interval = stats.bca_interval(differences)
    return {
        "n": len(differences),
        "difference": float(differences.mean()),
        "difference_low": interval.low,
        "difference_high": interval.high,
    }
