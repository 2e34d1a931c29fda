"""The statistics of a comparison, on scipy. Of errors and their differences the smaller is the better.

Seeds pair the runs: two schedules under the same seed start from the same weights and see the same batches.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

CONFIDENCE = 0.95
ALPHA = 0.05
RESAMPLES = 9_999
MIN_WORKLOADS = 6  # for ranks over workloads to say anything
EXACT_UP_TO = 20  # differences: half a million patterns
RANDOM_PATTERNS = 99_999
DECIMALS = 15  # beyond those of any accuracy: what is smaller is the rounding of differences
_BATCH = 2**21  # numbers that are in memory at once
_ROUNDING = 1e-9  # of a sum, relative: far above that of floats, far below one example in a test set

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    low: float
    high: float

    def excludes(self, value: float) -> bool:
        return self.low > value or self.high < value  # an interval that is NaN excludes nothing

    def is_within(self, margin: float) -> bool:
        return -margin <= self.low and self.high <= margin


@dataclass(frozen=True)
class Comparison:
    """A schedule against the reference, over the `n` seeds that both completed."""

    n: int
    difference: float
    interval: Interval
    p: float
    p_holm: float
    p_better: float
    verdict: str


# --- one sample -----------------------------------------------------------------------------------------------------


def interquartile_mean(values: ArrayLike) -> float:
    """Mean of the middle half; Agarwal et al., arXiv 2108.13264."""
    return float(stats.trim_mean(np.asarray(values, dtype=float), 0.25))


def bca_interval(values: ArrayLike) -> Interval:
    """Bias-corrected and accelerated bootstrap interval of the mean, always the same for the same values."""
    sample = np.asarray(values, dtype=float)
    if len(sample) < 2:
        return Interval(math.nan, math.nan)
    if np.ptp(sample) == 0:  # nothing to resample: scipy would warn and return NaN
        return Interval(float(sample[0]), float(sample[0]))
    rng = np.random.default_rng(0)
    found = stats.bootstrap(
        (sample,), _mean, method="BCa", confidence_level=CONFIDENCE, n_resamples=RESAMPLES, rng=rng
    ).confidence_interval
    return Interval(float(found.low), float(found.high))


def _mean(values: Floats, axis: int) -> Floats:
    """Rounded, so that resamples of the same mean are equal: BCa counts those below the sample's own."""
    return np.asarray(np.round(np.mean(values, axis=axis), DECIMALS))


def sign_flip_p(differences: ArrayLike) -> Floats:
    """Two-sided p of paired differences: how many patterns of signs make a mean as far from zero.

    Exact, over all 2^n patterns, up to 20 differences; beyond, over 99,999 random ones. It is the p of scipy's
    permutation_test, which takes minutes for all pairs of eleven schedules and twenty seeds; here the tests share their
    patterns, and of two opposite ones, which are equally far from zero, one is looked at.

    Args:
        differences: (..., n); each row of n is a test of its own.

    Returns:
        (...)
    """
    samples = np.asarray(differences, dtype=float)
    columns = samples.reshape(-1, samples.shape[-1]).T
    num_differences, num_tests = columns.shape
    is_exact = num_differences <= EXACT_UP_TO
    num_patterns = 2 ** (num_differences - 1) if is_exact else RANDOM_PATTERNS
    # Sums that differ by no more than their rounding are equal.
    observed = np.abs(columns.sum(axis=0)) - _ROUNDING * np.abs(columns).sum(axis=0)
    as_far = np.zeros(num_tests)
    rows = max(1, _BATCH // max(num_tests, num_differences))
    for signs in (_all_patterns if is_exact else _random_patterns)(num_patterns, num_differences, rows):
        as_far += (np.abs(signs @ columns) >= observed).sum(axis=0)
    p = as_far / num_patterns if is_exact else (as_far + 1) / (num_patterns + 1)
    return np.asarray(p, dtype=np.float64).reshape(samples.shape[:-1])


def _all_patterns(count: int, length: int, rows: int) -> Iterator[Floats]:
    """The patterns that begin with a plus, up to `rows` at once: (rows, length)."""
    for first in range(0, count, rows):
        bits = np.arange(first, min(first + rows, count))[:, None] >> np.arange(length - 1) & 1
        yield np.hstack([np.ones((len(bits), 1)), 2.0 * bits - 1.0])


def _random_patterns(count: int, length: int, rows: int) -> Iterator[Floats]:
    """As many random patterns, always the same ones."""
    rng = np.random.default_rng(0)
    for first in range(0, count, rows):
        size = (min(rows, count - first), length)
        yield 2.0 * rng.integers(0, 2, size=size, dtype=np.int8).astype(np.float64) - 1.0


def sign_flip_ps(samples: Sequence[Floats]) -> list[float]:
    """`sign_flip_p` of each sample; those of one length together, which shares the patterns among them."""
    found = [math.nan] * len(samples)
    for length in {len(sample) for sample in samples}:
        places = [place for place, sample in enumerate(samples) if len(sample) == length]
        for place, p in zip(places, sign_flip_p([samples[place] for place in places]), strict=True):
            found[place] = float(p)
    return found


# --- families of tests ----------------------------------------------------------------------------------------------


def holm(p_values: ArrayLike) -> Floats:
    """Holm's step-down adjustment (1979) of a family; scipy has none."""
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p)
    adjusted = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    result = np.empty_like(p)
    result[order] = np.minimum(1.0, adjusted)
    return result


def seeds_needed(family: int) -> int:
    """The fewest seeds with which the clearest difference of a family could become significant."""
    return math.ceil(math.log2(2 * family / ALPHA))


def compare(
    errors: Mapping[str, Mapping[int, float]], reference: str, *, margin: float, lost: Mapping[str, int] | None = None
) -> dict[str, Comparison]:
    """Every schedule against the reference.

    Args:
        errors: By schedule and seed, of the runs that completed.
        reference: The schedule that the others are compared with.
        margin: Half the width of the interval around zero in which differences do not matter.
        lost: By schedule, how many runs diverged or failed: such a schedule is never called better or equivalent.

    Returns:
        By schedule, without the reference. Where less than two seeds are common, everything is NaN.
    """
    names = [name for name in errors if name != reference]
    pairs = {name: at_common_seeds(errors[name], errors[reference]) for name in names}
    paired = {name: differences(*pair) for name, pair in pairs.items()}
    testable = [name for name in names if len(paired[name]) >= 2]
    p = dict(zip(testable, sign_flip_ps([paired[name] for name in testable]), strict=True))
    p_holm = dict(zip(testable, holm(list(p.values())), strict=True))
    counts = lost or {}
    found = {}
    for name in names:
        interval = bca_interval(paired[name])
        corrected = float(p_holm.get(name, math.nan))
        found[name] = Comparison(
            n=len(paired[name]),
            difference=float(paired[name].mean()) if len(paired[name]) else math.nan,
            interval=interval,
            p=p.get(name, math.nan),
            p_holm=corrected,
            p_better=probability_of_improvement(*pairs[name]),
            verdict=verdict(
                interval,
                corrected,
                # Seeds that could prove no difference do not prove that there is none.
                margin=margin if len(paired[name]) >= seeds_needed(max(1, len(testable))) else math.nan,
                lost=counts.get(name, 0),
                reference_lost=counts.get(reference, 0),
            ),
        )
    return found


def verdict(interval: Interval, p_holm: float, *, margin: float, lost: int = 0, reference_lost: int = 0) -> str:
    """better, worse, equivalent or inconclusive.

    The mean of what survived flatters whichever lost runs: it is not called better than the other, nor equivalent.

    Args:
        interval: Of the mean difference, negative where the schedule is better.
        p_holm: Its p, adjusted.
        margin: Half the width of the interval in which differences do not matter; NaN where that cannot be judged.
        lost: Runs of the schedule that diverged or failed.
        reference_lost: Those of the reference.
    """
    if p_holm < ALPHA and interval.excludes(0):
        word = "better" if interval.high < 0 else "worse"
    else:
        word = "equivalent" if interval.is_within(margin) else "inconclusive"
    is_flattered = (lost and word != "worse") or (reference_lost and word != "better")
    return "inconclusive" if is_flattered else word


def probability_of_improvement(own: ArrayLike, other: ArrayLike) -> float:
    """How often a run of the one has a smaller error than a run of the other, seeds drawn apart; ties count half."""
    one, two = np.asarray(own, dtype=float), np.asarray(other, dtype=float)
    if not len(one) or not len(two):
        return math.nan
    return float(stats.mannwhitneyu(two, one).statistic / (len(one) * len(two)))


def at_common_seeds(own: Mapping[int, float], other: Mapping[int, float]) -> tuple[Floats, Floats]:
    """Both where the seeds are those of both, in their order."""
    common = sorted(own.keys() & other.keys())
    return np.array([own[seed] for seed in common]), np.array([other[seed] for seed in common])


def differences(own: Floats, other: Floats) -> Floats:
    """The one less the other, exactly zero where they are equal."""
    return np.round(own - other, DECIMALS)


# --- censored times -------------------------------------------------------------------------------------------------


def censored_median(times: Sequence[float | None]) -> float:
    """Median where None never got there: infinite where half or more of them did not."""
    return float(np.median([math.inf if time is None else time for time in times])) if times else math.nan


# --- over workloads -------------------------------------------------------------------------------------------------


def mean_ranks(errors: ArrayLike) -> Floats:
    """Mean rank of each schedule, 1 the best, ties sharing theirs; what has no error (NaN) is last.

    Args:
        errors: (workloads, schedules)
    """
    table = np.nan_to_num(np.asarray(errors, dtype=float), nan=np.inf, posinf=np.inf)
    return np.asarray(stats.rankdata(table, axis=1).mean(axis=0))


def friedman_p(errors: ArrayLike) -> float:
    """Friedman's test over workloads.

    Args:
        errors: (workloads, schedules), finite

    Raises:
        ValueError: less than six workloads or three schedules.
    """
    table = np.asarray(errors, dtype=float)
    if table.shape[0] < MIN_WORKLOADS or table.shape[1] < 3:
        raise ValueError(f"{table.shape[0]} workloads and {table.shape[1]} schedules: Friedman's test needs 6 and 3")
    if (np.ptp(table, axis=1) == 0).all():
        return 1.0  # all alike; scipy divides zero by zero
    return float(stats.friedmanchisquare(*table.T).pvalue)


def critical_difference(num_workloads: int, num_schedules: int) -> float:
    """By how much mean ranks must differ; Nemenyi, in Demšar, JMLR 2006.

    Raises:
        ValueError: less than six workloads.
    """
    if num_workloads < MIN_WORKLOADS:
        raise ValueError(f"{num_workloads} workloads: a critical difference of ranks needs {MIN_WORKLOADS}")
    quantile = stats.studentized_range.ppf(1 - ALPHA, num_schedules, np.inf) / math.sqrt(2)
    return float(quantile * math.sqrt(num_schedules * (num_schedules + 1) / (6 * num_workloads)))


def profile_area(times: ArrayLike, reference: ArrayLike, limit: float = 4.0) -> Floats:
    """Area below the fraction of workloads solved within a multiple of the reference's time, from 0 to `limit`.

    As a fraction of `limit`: 0.75 for a reference that is always there, 1 for what takes no time, 0 for what is never
    there. As in AlgoPerf (Dahl et al., arXiv 2306.07179), but against one reference instead of the fastest of all.

    Args:
        times: (workloads, schedules); infinite where a target was never reached.
        reference: (workloads)

    Returns:
        (schedules)
    """
    table, own = np.asarray(times, dtype=float), np.asarray(reference, dtype=float)
    with np.errstate(invalid="ignore"):
        ratios = np.where(np.isfinite(table), table / own[:, None], np.inf)
    return np.asarray(np.clip(1 - ratios / limit, 0, 1).mean(axis=0))


def performance_profile(times: ArrayLike, ratios: ArrayLike) -> Floats:
    """The fraction of workloads that each schedule solves within `ratios` times the fastest; Dolan and Moré, 2002.

    Args:
        times: (workloads, schedules); infinite where a target was never reached.
        ratios: (r)

    Returns:
        (schedules, r)
    """
    table = np.nan_to_num(np.asarray(times, dtype=float), nan=np.inf, posinf=np.inf)
    fastest = table.min(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        relative = np.where(np.isfinite(table), table / fastest, np.inf)
    return np.asarray((relative.T[:, :, None] <= np.asarray(ratios, dtype=float)).mean(axis=1))
