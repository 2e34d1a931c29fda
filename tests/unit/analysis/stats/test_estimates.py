"""Means and medians of one sample."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from src.analysis.stats import Interval, censored_median, expected_best, interquartile_mean


def test_unknown_interval_excludes_nothing() -> None:
    interval = Interval(math.nan, math.nan)
    assert not interval.excludes(0)
    assert not interval.is_within(1)


def test_interval_excludes_what_lies_outside() -> None:
    assert Interval(-0.2, -0.1).excludes(0)
    assert not Interval(-0.2, 0.0).excludes(0)
    assert Interval(-0.2, 0.1).is_within(0.2)
    assert not Interval(-0.2, 0.1).is_within(0.1)


def test_interquartile_mean_ignores_both_tails() -> None:
    assert interquartile_mean([100, 1, 2, 3, 4, 5, 6, -100]) == 3.5


def test_censored_median_is_infinite_if_half_of_the_times_are_missing() -> None:
    assert censored_median([1.0, 2.0, None]) == 2.0
    assert censored_median([1.0, None]) == math.inf
    assert censored_median([1.0, None, None]) == math.inf
    assert math.isnan(censored_median([]))


@pytest.mark.parametrize("values", [[0.3], [0.02, 0.02, 1.0], [0.5, 0.1, 0.4, 0.1, 1.0, 0.2]])
def test_expected_best_is_the_mean_over_all_subsets(values: list[float]) -> None:
    expected = [np.mean([min(subset) for subset in combinations(values, k)]) for k in range(1, len(values) + 1)]
    assert expected_best(values) == pytest.approx(expected)


def test_expected_best_of_many_values_is_finite() -> None:
    best = expected_best(np.linspace(0, 1, 500))
    assert np.isfinite(best).all()
    assert (np.diff(best) < 0).all()
    assert best[-1] == pytest.approx(0)
