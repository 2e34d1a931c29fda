"""Tests on ranks over several workloads."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from src.analysis.stats.conventions import ALPHA, MIN_WORKLOADS


def friedman_p(errors: ArrayLike) -> float:
    """p-value of Friedman's test over workloads.

    Args:
        errors: (workloads, schedules), finite

    Raises:
        ValueError: there are fewer than six workloads or fewer than three schedules.
    """
    table = np.asarray(errors, dtype=float)
    if table.shape[0] < MIN_WORKLOADS or table.shape[1] < 3:
        raise ValueError(
            f"{table.shape[0]} workloads and {table.shape[1]} schedules: Friedman's test needs {MIN_WORKLOADS} and 3"
        )
    if (np.ptp(table, axis=1) == 0).all():
        return 1.0  # every rank is tied; scipy would divide zero by zero
    return float(stats.friedmanchisquare(*table.T).pvalue)


def critical_difference(num_workloads: int, num_schedules: int) -> float:
    """The difference in mean ranks that is significant: Nemenyi's test, as in Demšar, JMLR 2006.

    Raises:
        ValueError: there are fewer than six workloads.
    """
    if num_workloads < MIN_WORKLOADS:
        raise ValueError(f"{num_workloads} workloads: a critical difference of ranks needs {MIN_WORKLOADS}")
    quantile = stats.studentized_range.ppf(1 - ALPHA, num_schedules, np.inf) / math.sqrt(2)
    return float(quantile * math.sqrt(num_schedules * (num_schedules + 1) / (6 * num_workloads)))
