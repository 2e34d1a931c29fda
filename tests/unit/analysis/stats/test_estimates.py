"""Means, medians and bootstrap intervals of one sample."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats

from src.analysis.stats import Interval, bca_interval, censored_median, interquartile_mean


def test_interval_is_bca_and_not_percentile() -> None:
    sample = np.random.default_rng(1).lognormal(0, 2, 20)
    means = np.random.default_rng(2).choice(sample, (200_000, 20)).mean(axis=1)
    # Efron, JASA 1987: bias from the share of means below the sample mean, acceleration from the jackknife.
    bias = scipy_stats.norm.ppf((means < sample.mean()).mean())
    jackknife_means = np.array([np.delete(sample, i).mean() for i in range(20)])
    deviations = jackknife_means.mean() - jackknife_means
    acceleration = (deviations**3).sum() / (6 * (deviations**2).sum() ** 1.5)
    z = bias + scipy_stats.norm.ppf([0.025, 0.975])
    low, high = np.quantile(means, scipy_stats.norm.cdf(bias + z / (1 - acceleration * z)))
    interval = bca_interval(sample)
    assert (interval.low, interval.high) == pytest.approx((low, high), rel=0.02)
    assert interval.high > np.quantile(means, 0.975) * 1.03  # the sample is skewed: a percentile interval ends too soon


def test_interval_covers_the_mean_about_as_often_as_its_confidence_level() -> None:
    samples = np.random.default_rng(3).normal(0.5, 1, (300, 20))
    num_covered = sum(not bca_interval(sample).excludes(0.5) for sample in samples)
    assert 0.89 <= num_covered / 300 <= 0.98


def test_interval_of_equal_values_is_that_value() -> None:
    assert bca_interval([0.2, 0.2, 0.2]) == Interval(0.2, 0.2)


def test_interval_of_a_single_value_is_unknown() -> None:
    interval = bca_interval([0.2])
    assert math.isnan(interval.low)
    assert not interval.excludes(0)
    assert not interval.is_within(1)


def test_interquartile_mean_ignores_both_tails() -> None:
    assert interquartile_mean([100, 1, 2, 3, 4, 5, 6, -100]) == 3.5


def test_censored_median_is_infinite_if_half_of_the_times_are_missing() -> None:
    assert censored_median([1.0, 2.0, None]) == 2.0
    assert censored_median([1.0, None]) == math.inf
    assert censored_median([1.0, None, None]) == math.inf
    assert math.isnan(censored_median([]))
