"""Estimates from one sample: means and medians; and what a confidence interval is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from src.analysis.stats.conventions import Floats


@dataclass(frozen=True)
class Interval:
    """A confidence interval. Its ends are NaN where it cannot be estimated; then it excludes nothing."""

    low: float
    high: float

    def excludes(self, value: float) -> bool:
        return self.low > value or self.high < value

    def is_within(self, margin: float) -> bool:
        """Whether the interval lies inside [-margin, margin]."""
        return -margin <= self.low and self.high <= margin


def interquartile_mean(values: ArrayLike) -> float:
    """Mean of the middle half of the values; Agarwal et al., arXiv 2108.13264."""
    return float(stats.trim_mean(np.asarray(values, dtype=float), 0.25))


def censored_median(times: Sequence[float | None]) -> float:
    """Median of times, where None means never: infinite if half of them or more are None."""
    return float(np.median([math.inf if time is None else time for time in times])) if times else math.nan


def expected_best(values: ArrayLike) -> Floats:
    """Expected smallest of k values drawn without replacement from n given ones, for k = 1 to n.

    Unbiased for the best of k new trials. Dodge et al., arXiv 1909.03004, draw with replacement instead, and so
    overestimate the smallest value.
    """
    ordered = np.sort(np.asarray(values, dtype=float))
    total = len(ordered)
    drawn = np.arange(1, total + 1)
    larger = total - np.arange(1, total + 1)  # how many values follow each in the order
    weights = special.comb(larger, drawn[:, None] - 1) / special.comb(total, drawn)[:, None]
    return np.asarray(weights @ ordered)
