"""Sign-flip tests of a family of comparisons, and the confidence intervals that go with them.

Runs are paired by seed across all schedules, so flipping the sign of a seed flips all differences under that seed. One
set of sign patterns therefore gives the joint distribution of all t statistics, and with it p-values adjusted for the
family: the step-down maxT procedure of Westfall and Young (1993). The smallest possible p is 2/2^n for n seeds,
however large the family.

All of it assumes that the differences are symmetric around their means. docs/comparing.md says what happens otherwise.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from src.analysis.stats.conventions import ALPHA, CONFIDENCE, Floats
from src.analysis.stats.estimates import Interval

EXACT_UP_TO = 20  # seeds, which have half a million sign patterns
RANDOM_PATTERNS = 99_999
MIN_SEEDS = math.ceil(math.log2(2 / ALPHA))  # with fewer, no p can be below ALPHA
_FIRST_SEEDS = 11  # whose 1,024 patterns are combined with _BATCH patterns of the other seeds at a time:
_BATCH = 32  # together as many numbers as fit into the cache of a processor
_RANDOM_BATCH = 2**12
_ROUNDING = 1e-9  # relative: well above float rounding, well below one example of a test set
_UNBOUNDED = 0.1 / _ROUNDING  # t squared of values that are equal but for rounding


@dataclass(frozen=True)
class Patterns:
    """The sign patterns of a test: all of them for up to `exact_up_to` seeds, otherwise a fixed random sample."""

    exact_up_to: int
    num_random: int


@dataclass(frozen=True)
class FamilyTest:
    """Two-sided tests of the comparisons of a family.

    Attributes:
        p: (comparisons), each by itself.
        p_adjusted: (comparisons), adjusted for the family.
        intervals: Simultaneous intervals of the mean differences: all of them cover with 95% confidence. The interval
            of a significant difference stays on its side of zero, as step-down tests allow; any other contains zero.
            NaN for fewer than six differences.
    """

    p: Floats
    p_adjusted: Floats
    intervals: list[Interval]


def family_test(differences: ArrayLike, patterns: Patterns | None = None) -> FamilyTest:
    """Tests whether each mean difference is zero.

    Exact over all sign patterns for up to 20 seeds; a Monte Carlo estimate from 99,999 random patterns beyond. Both are
    deterministic. A comparison of fewer than six differences cannot be significant, so it does not count toward the
    family of the others.

    Args:
        differences: (seeds, comparisons); NaN where a comparison lacks a seed. Every comparison has two or more.
        patterns: Fewer sign patterns, for a test that is repeated many times.
    """
    columns = np.asarray(differences, dtype=float)
    patterns = patterns or _default_patterns()
    p, p_adjusted = _p_values(columns, patterns)
    decidable = _counts(columns) >= MIN_SEEDS
    half_widths = np.full(len(p), math.nan)
    if decidable.any():
        if not decidable.all():
            p_adjusted[decidable] = _p_values(columns[:, decidable], patterns)[1]
        half_widths[decidable] = _half_widths(columns[:, decidable], patterns)
    means = np.nanmean(columns, axis=0)
    intervals = [
        _agreeing(Interval(float(mean - half_width), float(mean + half_width)), mean, is_significant=adjusted < ALPHA)
        for mean, half_width, adjusted in zip(means, half_widths, p_adjusted, strict=True)
    ]
    return FamilyTest(p, p_adjusted, intervals)


def mean_interval(values: ArrayLike) -> Interval:
    """Confidence interval of one mean, from flipping the signs of the deviations; NaN for fewer than six values."""
    column = np.asarray(values, dtype=float).reshape(-1, 1)
    if len(column) < MIN_SEEDS:
        return Interval(math.nan, math.nan)
    mean, half_width = float(column.mean()), float(_half_widths(column, _default_patterns())[0])
    return Interval(mean - half_width, mean + half_width)


def by_seed(samples: Sequence[Mapping[int, float]]) -> Floats:
    """Differences by seed as a matrix (seeds, comparisons), NaN where a comparison lacks a seed."""
    seeds = sorted(set().union(*samples))
    return np.array([[sample.get(seed, math.nan) for sample in samples] for seed in seeds])


def seeds_for_equivalence(sd: float, margin: float, family: int) -> int:
    """About how many seeds show that schedules are equivalent if they are, with a power of 80%.

    Args:
        sd: Standard deviation of the paired differences.
        margin: Half the width of the equivalence interval.
        family: Number of comparisons.
    """
    quantiles = stats.norm.ppf(1 - ALPHA / (2 * family)) + stats.norm.ppf(0.9)
    return max(MIN_SEEDS, math.ceil((quantiles * sd / margin) ** 2))


def _p_values(columns: Floats, patterns: Patterns) -> tuple[Floats, Floats]:
    """p-values of each comparison by itself and adjusted for the family."""
    degrees = _counts(columns) - 1
    explained = _explained(_unit(columns).sum(axis=0))
    order = np.argsort(_t_squared(explained, degrees), kind="stable")
    thresholds = _t_squared(explained * (1 - _ROUNDING), degrees)[order]
    counts, counts_adjusted, total = np.zeros(len(order)), np.zeros(len(order)), 0
    for batch in _flipped_t_squared(columns[:, order], patterns):
        largest = np.zeros(1)  # among the comparisons up to this one, whose observed t is smaller
        for place, (values, threshold) in enumerate(zip(batch, thresholds, strict=True)):
            largest = np.maximum(largest, values)
            counts[place] += np.count_nonzero(values >= threshold)
            counts_adjusted[place] += np.count_nonzero(largest >= threshold)
        total += len(largest)
    observed = len(columns) > patterns.exact_up_to  # random patterns do not include the observed one
    p, p_adjusted = np.empty(len(order)), np.empty(len(order))
    p[order] = (counts + observed) / (total + observed)
    p_adjusted[order[::-1]] = np.maximum.accumulate((counts_adjusted[::-1] + observed) / (total + observed))
    return p, p_adjusted


def _half_widths(columns: Floats, patterns: Patterns) -> Floats:
    """Half the widths of simultaneous intervals, from flipping the signs of the deviations from the means.

    NaN where flips do not bound the mean: few deviations that are all equally large.
    """
    deviations = columns - np.nanmean(columns, axis=0)
    deviations[np.abs(deviations) <= _ROUNDING * np.nanmax(np.abs(columns), axis=0)] = 0
    maxima = [functools.reduce(np.maximum, batch) for batch in _flipped_t_squared(deviations, patterns)]
    largest = np.concatenate(maxima)
    rank = math.ceil(CONFIDENCE * len(largest)) - 1
    critical = np.partition(largest, rank)[rank]
    counts = _counts(columns)
    errors = np.sqrt(np.nansum(deviations**2, axis=0) / (counts * (counts - 1)))
    return np.where(errors == 0, 0.0, math.sqrt(critical) * errors if critical < _UNBOUNDED else math.nan)


def _flipped_t_squared(columns: Floats, patterns: Patterns) -> Iterator[Iterator[Floats]]:
    """t squared under every sign pattern: in batches of patterns, one array for each comparison."""
    degrees = _counts(columns) - 1
    for batch in _flipped_sums(_unit(columns), patterns):
        yield (_t_squared(_explained(sums), degree) for sums, degree in zip(batch, degrees, strict=True))


def _unit(columns: Floats) -> Floats:
    """Columns scaled so that the square of their sum is the share of their sum of squares that the mean explains."""
    norms = np.sqrt(_counts(columns) * np.nansum(columns**2, axis=0))
    return np.nan_to_num(columns) / np.where(norms > 0, norms, 1)


def _explained(sums: Floats) -> Floats:
    """Squares of the sums of unit columns, kept below 1 so that t is finite."""
    return np.minimum(np.square(sums, out=sums), 1 - _ROUNDING, out=sums)


def _t_squared(explained: Floats, degrees: Floats) -> Floats:
    """Flipping signs changes the sum of a column but not that of its squares, so the sum alone determines t."""
    return degrees * explained / (1 - explained)


def _counts(columns: Floats) -> Floats:
    return np.isfinite(columns).sum(axis=0).astype(float)


def _agreeing(interval: Interval, mean: float, *, is_significant: bool) -> Interval:
    """The interval, clipped at zero if the difference is significant and extended to zero if not."""
    if math.isnan(interval.low):
        return interval
    if not is_significant:
        return Interval(min(interval.low, 0.0), max(interval.high, 0.0))
    return (
        Interval(max(interval.low, 0.0), interval.high) if mean > 0 else Interval(interval.low, min(interval.high, 0.0))
    )


def _default_patterns() -> Patterns:
    return Patterns(EXACT_UP_TO, RANDOM_PATTERNS)


def _flipped_sums(columns: Floats, patterns: Patterns) -> Iterator[Iterator[Floats]]:
    """The sum of each column under the sign patterns, in batches; of two opposite patterns one is enough."""
    if len(columns) > patterns.exact_up_to:
        yield from _random_sums(columns, patterns.num_random)
        return
    # The sum over all seeds is one over the first plus one over the others: one addition instead of twenty.
    first = _all_sums(columns[1:_FIRST_SEEDS], start=columns[0])
    others = _all_sums(columns[_FIRST_SEEDS:], start=np.zeros(columns.shape[1]))
    for place in range(0, others.shape[1], _BATCH):
        yield map(_combined_sums, others[:, place : place + _BATCH], first)


def _all_sums(rows: Floats, start: Floats) -> Floats:
    """`start` plus or minus each row: shape (comparisons, patterns)."""
    sums = start[:, None]
    for row in rows:
        sums = np.hstack([sums + row[:, None], sums - row[:, None]])
    return sums


def _combined_sums(sums: Floats, other_sums: Floats) -> Floats:
    return np.add.outer(sums, other_sums).ravel()


def _random_sums(columns: Floats, count: int) -> Iterator[Iterator[Floats]]:
    bits = np.random.default_rng(0).integers(0, 2, size=(count, len(columns)), dtype=np.int8)
    for place in range(0, count, _RANDOM_BATCH):
        signs = (1 - 2 * bits[place : place + _RANDOM_BATCH]).astype(np.float64)
        yield iter(columns.T @ signs.T)
