"""Estimates from one sample: means, medians and bootstrap confidence intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from src.analysis.stats.conventions import CONFIDENCE, DECIMALS, Floats

RESAMPLES = 9_999


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


def bca_interval(values: ArrayLike) -> Interval:
    """Bias-corrected and accelerated bootstrap interval of the mean. Deterministic: the resampling seed is fixed."""
    sample = np.asarray(values, dtype=float)
    if len(sample) < 2:
        return Interval(math.nan, math.nan)
    if np.ptp(sample) == 0:  # all values are equal; scipy would warn and return NaN
        return Interval(float(sample[0]), float(sample[0]))
    interval = stats.bootstrap(
        (sample,),
        _rounded_mean,
        method="BCa",
        confidence_level=CONFIDENCE,
        n_resamples=RESAMPLES,
        rng=np.random.default_rng(0),
    ).confidence_interval
    return Interval(float(interval.low), float(interval.high))


def _rounded_mean(values: Floats, axis: int) -> Floats:
    """BCa counts the resamples below the sample mean, so equal means must compare as equal."""
    return np.asarray(np.round(np.mean(values, axis=axis), DECIMALS))


def interquartile_mean(values: ArrayLike) -> float:
    """Mean of the middle half of the values; Agarwal et al., arXiv 2108.13264."""
    return float(stats.trim_mean(np.asarray(values, dtype=float), 0.25))


def censored_median(times: Sequence[float | None]) -> float:
    """Median of times, where None means never: infinite if half of them or more are None."""
    return float(np.median([math.inf if time is None else time for time in times])) if times else math.nan
