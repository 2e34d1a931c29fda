"""Tests on ranks over data sets, against scipy and against published tables."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.libqsturng import qsturng

from src.analysis.stats import critical_difference, friedman_p, indistinct_groups


def test_friedman_p_equals_scipy() -> None:
    table = np.random.default_rng(5).normal([0, 0, 0, 3], size=(8, 4))
    assert friedman_p(table) == pytest.approx(scipy_stats.friedmanchisquare(*table.T).pvalue)
    assert friedman_p(table) < 0.05


def test_fewer_than_six_data_sets_are_refused() -> None:
    for compute in (lambda: friedman_p(np.arange(20).reshape(5, 4)), lambda: critical_difference(5, 4)):
        with pytest.raises(ValueError, match="5 data sets"):
            compute()


def test_tied_ranks_are_not_significant() -> None:
    assert friedman_p(np.ones((6, 3))) == 1


def test_critical_difference_equals_published_tables() -> None:
    assert critical_difference(14, 4) == pytest.approx(2.569 * math.sqrt(4 * 5 / (6 * 14)), rel=1e-3)  # Demšar 2006
    assert critical_difference(10, 7) == pytest.approx(
        qsturng(0.95, 7, np.inf) / math.sqrt(2) * math.sqrt(7 * 8 / 60), rel=1e-2
    )


def test_groups_are_the_largest_ones_closer_than_the_critical_difference() -> None:
    assert indistinct_groups([1, 2, 3, 6, 6.5], 2.1) == [(0, 2), (3, 4)]
    assert indistinct_groups([1, 2, 3, 4], 2.1) == [(0, 2), (1, 3)]
    assert indistinct_groups([1, 3, 5], 2) == []  # a distance that equals the critical difference is significant
