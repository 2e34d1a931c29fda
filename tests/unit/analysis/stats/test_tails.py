"""Outlying values, skewness, and the luck of a mean: against their definitions, other estimates and simulations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from src.analysis.stats import Floats
from src.analysis.stats.tails import OUTLYING_RATE, have_equal_spread, luck, outlying, skew_sign


def normal(*shape: int, number: int = 1) -> Floats:
    return np.random.default_rng(number).normal(size=shape)


@pytest.mark.parametrize("count", [6, 7, 10, 20])
def test_one_normal_sample_in_a_hundred_has_an_outlying_value(count: int) -> None:
    share = np.mean([outlying(sample, min_scale=0).any() for sample in normal(4_000, count)])
    assert share == pytest.approx(OUTLYING_RATE, abs=0.005)


@pytest.mark.parametrize("count", [6, 10, 20])
def test_values_far_from_the_others_are_outlying(count: int) -> None:
    sample = normal(count)
    sample[[0, 1]] = 30, -40
    assert np.flatnonzero(outlying(sample, min_scale=0)).tolist() == [0, 1]


def test_equal_values_do_not_make_a_slightly_larger_one_outlying() -> None:
    sample = np.array([0.0] * 8 + [0.1, 0.4])
    assert np.flatnonzero(outlying(sample, min_scale=0.025)).tolist() == [9]
    assert not outlying(np.zeros(6), min_scale=0).any()


def test_skew_is_that_of_the_longer_tail() -> None:
    sample = np.random.default_rng(0).exponential(size=30)
    assert (skew_sign(sample), skew_sign(-sample), skew_sign(normal(30, number=2))) == (1, -1, 0)
    assert skew_sign(np.array([0.0] * 6 + [9.0])) == 0  # too few
    assert skew_sign(np.zeros(10)) == 0


def test_luck_with_a_normal_pool_is_the_error_of_two_means() -> None:
    pool = stats.norm.ppf((np.arange(400) + 0.5) / 400)
    too_low, too_high = luck(pool, 10, level=0.025)
    expected = 1.96 * np.sqrt(1 / 10 + 1 / 400)
    assert (too_low, too_high) == (pytest.approx(expected, rel=0.05), pytest.approx(expected, rel=0.05))
    assert luck(pool + 5, 10, level=0.025) == pytest.approx((too_low, too_high), rel=1e-4)
    assert luck(-pool, 10, level=0.025) == pytest.approx((too_high, too_low), rel=1e-4)


def test_luck_knows_bad_runs_that_a_sample_may_miss() -> None:
    pool = np.array([1.0] * 20 + [0.0] * 180)
    too_low, too_high = luck(pool, 10, level=0.025)
    assert too_low == pytest.approx(0.1, abs=0.05)  # none of ten seeds has one: probability 35%
    assert too_high > 0.15
    assert luck(np.zeros(20), 10, level=0.025) == (0, 0)


def test_spreads_are_compared() -> None:
    steady, wide = normal(12), 10 * normal(12, number=2)
    assert have_equal_spread([steady, normal(12, number=3), steady + 5])
    assert not have_equal_spread([steady, wide, steady])
    assert have_equal_spread([steady, np.zeros(12)])
    assert not have_equal_spread([np.array([0.1, -0.1] * 4), np.array([0.5, -0.5] * 4)])
