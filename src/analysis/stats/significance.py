"""Sign-flip tests of a family of comparisons, and the confidence intervals that go with them.

Runs are paired by seed across all schedules, so flipping the sign of a seed flips all differences under that seed. One
set of sign patterns therefore gives the joint distribution of all t statistics, and with it p-values adjusted for the
family: the step-down maxT procedure of Westfall and Young (1993). The smallest possible p is 2/2^n for n seeds,
however large the family.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from src.analysis.stats.conventions import ALPHA, CONFIDENCE, Floats
from src.analysis.stats.estimates import Interval

EXACT_UP_TO = 20  # seeds, which have half a million sign patterns
RANDOM_PATTERNS = 99_999
MIN_SEEDS = math.ceil(math.log2(2 / ALPHA))  # with fewer, no p can be below ALPHA
_MAX_NUMBERS = 2**21  # numbers in memory at once
_ROUNDING = 1e-9  # relative: well above float rounding, well below one example of a test set


@dataclass(frozen=True)
class FamilyTest:
    """Two-sided tests of the comparisons of a family.

    Attributes:
        p: (comparisons), each by itself.
        p_adjusted: (comparisons), adjusted for the family.
        intervals: Simultaneous intervals of the mean differences: all of them cover with 95% confidence. The interval
            of a significant difference stays on its side of zero, as step-down tests allow. NaN for fewer than six
            differences.
    """

    p: Floats
    p_adjusted: Floats
    intervals: list[Interval]


def family_test(differences: ArrayLike) -> FamilyTest:
    """Tests whether each mean difference is zero.

    Exact over all sign patterns for up to 20 seeds; a Monte Carlo estimate from 99,999 random patterns beyond. Both are
    deterministic.

    Args:
        differences: (seeds, comparisons); NaN where a comparison lacks a seed. Every comparison has two or more.
    """
    columns = np.asarray(differences, dtype=float)
    means, errors = _means(columns), _standard_errors(columns)
    p, p_adjusted = _p_values(columns)
    critical = _critical_t(_largest_t(columns - means))
    intervals = []
    for column, mean, error, adjusted in zip(columns.T, means, errors, p_adjusted, strict=True):
        interval = _interval(mean, critical * error, np.isfinite(column).sum())
        intervals.append(_beside_zero(interval, mean) if adjusted < ALPHA else interval)
    return FamilyTest(p, p_adjusted, intervals)


def mean_interval(values: ArrayLike) -> Interval:
    """Confidence interval of one mean, from flipping the signs of the deviations; NaN for fewer than six values."""
    column = np.asarray(values, dtype=float).reshape(-1, 1)
    if len(column) < MIN_SEEDS:
        return Interval(math.nan, math.nan)
    critical = _critical_t(_largest_t(column - _means(column)))
    return _interval(float(_means(column)[0]), critical * float(_standard_errors(column)[0]), len(column))


def sign_flip_p(differences: ArrayLike) -> Floats:
    """Unadjusted p-values: the share of sign patterns whose mean is at least as far from zero.

    Args:
        differences: (seeds, comparisons)

    Returns:
        (comparisons)
    """
    return _p_values(np.asarray(differences, dtype=float))[0]


def seeds_for_equivalence(sd: float, margin: float, family: int) -> int:
    """About how many seeds show that schedules are equivalent if they are, with a power of 80%.

    Args:
        sd: Standard deviation of the paired differences.
        margin: Half the width of the equivalence interval.
        family: Number of comparisons.
    """
    from scipy import stats

    quantiles = stats.norm.ppf(1 - ALPHA / (2 * family)) + stats.norm.ppf(0.9)
    return max(MIN_SEEDS, math.ceil((quantiles * sd / margin) ** 2))


def _p_values(columns: Floats) -> tuple[Floats, Floats]:
    """p-values of each comparison by itself and adjusted for the family."""
    observed = _t(np.nansum(columns, axis=0)[None], columns)[0]
    order = np.argsort(-observed, kind="stable")
    threshold = np.where(np.isfinite(observed), observed * (1 - _ROUNDING), np.inf)
    counts, counts_adjusted, total = np.zeros(len(order)), np.zeros(len(order)), 0
    for t in _flipped_t(columns):
        total += len(t)
        counts += (t >= threshold).sum(axis=0)
        # The largest t among the comparisons that are not yet rejected, from the smallest observed one upward.
        successive = np.maximum.accumulate(t[:, order[::-1]], axis=1)[:, ::-1]
        counts_adjusted[order] += (successive >= threshold[order]).sum(axis=0)
    is_exact = len(columns) <= EXACT_UP_TO
    p, p_adjusted = ((values + (not is_exact)) / (total + (not is_exact)) for values in (counts, counts_adjusted))
    p_adjusted[order] = np.maximum.accumulate(p_adjusted[order])
    return p, p_adjusted


def _largest_t(columns: Floats) -> Floats:
    """The largest t of the family under every sign pattern, ascending."""
    return np.sort(np.concatenate([t.max(axis=1) for t in _flipped_t(columns)]))


def _critical_t(largest: Floats) -> float:
    return float(largest[math.ceil(CONFIDENCE * len(largest)) - 1])


def _flipped_t(columns: Floats) -> Iterator[Floats]:
    """|t| under every sign pattern, in batches of shape (patterns, comparisons)."""
    values = np.nan_to_num(columns)
    for signs in sign_patterns(len(columns), batch_size=max(1, _MAX_NUMBERS // max(columns.shape))):
        yield _t(signs @ values, columns)


def _t(sums: Floats, columns: Floats) -> Floats:
    """|t| of columns whose sums are given. Flipping signs changes the sum of a column but not that of its squares."""
    counts, squares = np.isfinite(columns).sum(axis=0), np.nansum(columns**2, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        explained = np.where(squares > 0, sums**2 / (counts * squares), 0.0)
        t = np.sqrt((counts - 1) * explained / (1 - explained))
    return np.where(explained > 1 - _ROUNDING, np.inf, t)


def _means(columns: Floats) -> Floats:
    return np.asarray(np.nanmean(columns, axis=0))


def _standard_errors(columns: Floats) -> Floats:
    return np.asarray(np.nanstd(columns, axis=0, ddof=1) / np.sqrt(np.isfinite(columns).sum(axis=0)))


def _interval(mean: float, half_width: float, count: int) -> Interval:
    if count < MIN_SEEDS:
        return Interval(math.nan, math.nan)
    half_width = half_width if half_width > _ROUNDING * abs(mean) else 0.0
    return Interval(float(mean - half_width), float(mean + half_width))


def _beside_zero(interval: Interval, mean: float) -> Interval:
    """The part of the interval on the side of zero where the mean lies."""
    return (
        Interval(max(interval.low, 0.0), interval.high) if mean > 0 else Interval(interval.low, min(interval.high, 0.0))
    )


def sign_patterns(length: int, batch_size: int) -> Iterator[Floats]:
    """Patterns of signs in batches of shape (batch_size, length); of two opposite patterns one is enough.

    All of them for up to 20 seeds, otherwise 99,999 random ones from a fixed seed.
    """
    exact = length <= EXACT_UP_TO
    count = 2 ** (length - 1) if exact else RANDOM_PATTERNS
    rng = np.random.default_rng(0)
    for first in range(0, count, batch_size):
        size = min(batch_size, count - first)
        if exact:
            bits = np.arange(first, first + size)[:, None] >> np.arange(length - 1) & 1
            yield np.hstack([np.ones((size, 1)), 2.0 * bits - 1.0])
        else:
            yield 2.0 * rng.integers(0, 2, size=(size, length), dtype=np.int8).astype(np.float64) - 1.0


def by_seed(samples: Sequence[dict[int, float]]) -> Floats:
    """Differences by seed as a matrix (seeds, comparisons), NaN where a comparison lacks a seed."""
    seeds = sorted(set().union(*samples))
    return np.array([[sample.get(seed, math.nan) for sample in samples] for seed in seeds])
