"""Tests on ranks over several data sets; Demšar, JMLR 2006.

Both assume that the rows are independent. Results on one data set are not, so they enter as one row.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from src.analysis.stats.conventions import ALPHA, MIN_DATA_SETS


def friedman_p(errors: ArrayLike) -> float:
    """p-value of Friedman's test over data sets.

    Args:
        errors: (data sets, schedules), finite; ranks do as well

    Raises:
        ValueError: there are fewer than six data sets or fewer than three schedules.
    """
    table = np.asarray(errors, dtype=float)
    if table.shape[0] < MIN_DATA_SETS or table.shape[1] < 3:
        raise ValueError(
            f"{table.shape[0]} data sets and {table.shape[1]} schedules: Friedman's test needs {MIN_DATA_SETS} and 3"
        )
    if (np.ptp(table, axis=1) == 0).all():
        return 1.0  # every rank is tied; scipy would divide zero by zero
    return float(stats.friedmanchisquare(*table.T).pvalue)


def critical_difference(num_data_sets: int, num_schedules: int) -> float:
    """The difference in mean ranks that is significant: Nemenyi's test.

    Raises:
        ValueError: there are fewer than six data sets.
    """
    if num_data_sets < MIN_DATA_SETS:
        raise ValueError(f"{num_data_sets} data sets: a critical difference of ranks needs {MIN_DATA_SETS}")
    quantile = stats.studentized_range.ppf(1 - ALPHA, num_schedules, np.inf) / math.sqrt(2)
    return float(quantile * math.sqrt(num_schedules * (num_schedules + 1) / (6 * num_data_sets)))


def indistinct_groups(mean_ranks: ArrayLike, critical_difference: float) -> list[tuple[int, int]]:
    """The largest groups of neighbors whose mean ranks differ by less than the critical difference.

    Args:
        mean_ranks: Ascending.
        critical_difference: The smallest significant difference.

    Returns:
        The positions of the first and the last of each group of two or more; groups may overlap.
    """
    ranks = np.asarray(mean_ranks, dtype=float)
    ends = np.searchsorted(ranks, ranks + critical_difference, side="left") - 1
    groups = [(first, int(last)) for first, last in enumerate(ends) if last > first]
    return [group for number, group in enumerate(groups) if number == 0 or group[1] > groups[number - 1][1]]
