"""Tails of a sample: outlying values, skewness, and how far luck with rare values can move a mean."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from src.analysis.stats.conventions import ALPHA, Floats

OUTLYING_RATE = 0.01  # share of normal samples in which any value counts as outlying
SPREAD_ALPHA = 0.01  # below ALPHA: a bad run in one sample alone should not separate it from the others
_MIN_VALUES = 8  # fewer are too few for scipy's test of skewness
_NORMAL_SCALE = 1 / float(stats.norm.ppf(0.75))  # of the median absolute deviation
_SAMPLES = 20_000
_DRAWS = 4_999
_REPEATED = 4_096  # samples whose results are kept: redraws of the tuning seeds and all pairs repeat most of them


def outlying(values: Floats, min_scale: float) -> NDArray[np.bool_]:
    """Which values lie farther from the median than those of 99 in 100 normal samples of this size do.

    Args:
        values: One sample.
        min_scale: The scale of the sample counts as at least this large, because rounding makes many values equal.
    """
    distances = np.abs(values - np.median(values))
    scale = max(_NORMAL_SCALE * float(np.median(distances)), min_scale)
    return np.asarray(distances > _max_distance(len(values)) * scale)


@functools.cache
def _max_distance(count: int) -> float:
    """The distance from the median, in standard deviations estimated by the median, that few normal samples exceed."""
    samples = np.random.default_rng(0).normal(size=(_SAMPLES, count))
    distances = np.abs(samples - np.median(samples, axis=1, keepdims=True))
    largest = distances.max(axis=1) / (_NORMAL_SCALE * np.median(distances, axis=1))
    return float(np.quantile(largest, 1 - OUTLYING_RATE))


def skew_sign(values: Floats) -> int:
    """1 for a significantly longer right tail, -1 for a longer left one, otherwise 0: D'Agostino's test."""
    if len(values) < _MIN_VALUES or np.ptp(values) == 0:
        return 0
    return _significant_skew(values.tobytes())


@functools.lru_cache(maxsize=_REPEATED)
def _significant_skew(values: bytes) -> int:
    test = stats.skewtest(np.frombuffer(values))
    return int(np.sign(test.statistic)) if test.pvalue < ALPHA else 0


def have_equal_spread(samples: Sequence[Floats]) -> bool:
    """Whether nothing shows that the samples are spread differently: the test of Brown and Forsythe."""
    varying = [sample for sample in samples if np.ptp(sample) > 0]
    if len(varying) < 2:
        return True
    with np.errstate(divide="ignore", invalid="ignore"):  # all deviations of each sample are equally large
        return not stats.levene(*varying, center="median").pvalue < SPREAD_ALPHA


def luck(pool: Floats, count: int, level: float) -> tuple[float, float]:
    """How far the mean of `count` values can be too low and too high by chance, both as positive numbers.

    The values come from the distribution that `pool` is a sample of. Its own mean is therefore uncertain as well, so
    each draw is the mean of `count` values of the pool minus the mean of a bootstrap sample of the pool. Draws are
    deterministic.

    Args:
        pool: Deviations from the typical value, with the tails that are feared.
        count: Number of values in the mean.
        level: Probability of a mean that is too low by more, and of one that is too high by more.
    """
    return _luck(pool.astype(np.float32).tobytes(), count, level)


@functools.lru_cache(maxsize=_REPEATED)
def _luck(pool: bytes, count: int, level: float) -> tuple[float, float]:
    values = np.frombuffer(pool, dtype=np.float32)
    low, high = np.quantile(_resampling_weights(count, len(values)) @ values, [level, 1 - level])
    return max(0.0, -float(low)), max(0.0, float(high))


@functools.lru_cache(maxsize=4)
def _resampling_weights(count: int, size: int) -> NDArray[np.float32]:
    """Weights of a pool's values in the mean of `count` draws minus the mean of a bootstrap sample, (draws, size)."""
    rng = np.random.default_rng(0)
    shares = np.full(size, 1 / size)
    weights = (rng.multinomial(count, shares, _DRAWS) / count).astype(np.float32)
    weights -= rng.multinomial(size, shares, _DRAWS) / np.float32(size)
    return weights
