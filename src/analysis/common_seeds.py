"""Common seeds: schedules are ranked by their errors over the seeds that all of them completed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from src.analysis import stats
from src.analysis.losses import num_lost

COLUMNS = ["common_error_mean", "common_error_low", "common_error_high"]


def with_common_seeds(table: pd.DataFrame, errors: Mapping[str, Mapping[int, float]]) -> pd.DataFrame:
    """Adds the mean test error of each ranked setting over the seeds that all ranked settings completed.

    Some seeds are easier than others, so means over different seeds do not show which schedule is better. A setting
    with failed or diverged runs is not ranked. Neither is one with fewer than six seeds if another has six or more: it
    cannot be tested, and it would leave the others with few common seeds.

    Args:
        table: The settings of one workload.
        errors: Test errors of the completed runs, by setting and seed.

    Returns:
        The table with `common_seeds` ("0 1 2") and COLUMNS: the mean and its interval. They are empty or NaN for
        settings that are not ranked, and for all of them if they have no seed in common.
    """
    ranked = _ranked(table, errors)
    common = set.intersection(*(set(errors[setting]) for setting in ranked)) if ranked else set()
    is_ranked = table.index.isin(ranked if common else [])
    table = table.assign(common_seeds=np.where(is_ranked, join_seeds(common), ""))
    for column in COLUMNS:
        table[column] = table[column.replace("common", "test")].astype(float).where(is_ranked)
    for setting in table.index[is_ranked]:
        if common != set(errors[setting]):
            table.loc[setting, COLUMNS] = _mean_and_interval([errors[setting][seed] for seed in sorted(common)])
    return table


def have_different_seeds(rows: pd.DataFrame) -> bool:
    """Whether ranked settings of a workload completed seeds besides the common ones."""
    ranked = rows[rows["common_seeds"] != ""]
    return bool((ranked["seeds"] != ranked["common_seeds"]).any())


def join_seeds(seeds: Iterable[int]) -> str:
    """`0 1 2`."""
    return " ".join(str(seed) for seed in sorted(seeds))


def _ranked(table: pd.DataFrame, errors: Mapping[str, Mapping[int, float]]) -> list[str]:
    has_failures = num_lost(table) > 0
    num_seeds = {setting: len(errors[setting]) for setting in table.index[~has_failures]}
    fewest = stats.MIN_SEEDS if max(num_seeds.values(), default=0) >= stats.MIN_SEEDS else 1
    return [setting for setting, count in num_seeds.items() if count >= fewest]


def _mean_and_interval(values: list[float]) -> tuple[float, float, float]:
    interval = stats.mean_interval(values)
    return float(np.mean(values)), interval.low, interval.high
