"""Paired comparisons with a reference schedule, and the verdict on each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from src.analysis.stats.conventions import ALPHA, DECIMALS, Floats
from src.analysis.stats.estimates import Interval, bca_interval
from src.analysis.stats.significance import holm, seeds_needed, sign_flip_p_values


@dataclass(frozen=True)
class Comparison:
    """A schedule compared with the reference over the `n` seeds that both completed."""

    n: int
    difference: float
    interval: Interval
    p: float
    p_holm: float
    p_better: float
    verdict: str


def compare(
    errors: Mapping[str, Mapping[int, float]],
    reference: str,
    *,
    margin: float,
    failures: Mapping[str, int] | None = None,
) -> dict[str, Comparison]:
    """Compares every schedule with the reference.

    Args:
        errors: Error of each completed run, by schedule and seed.
        reference: The schedule that the others are compared with.
        margin: Differences smaller than this do not matter: half the width of the equivalence interval around zero.
        failures: Number of failed or diverged runs, by schedule.

    Returns:
        One comparison for each schedule but the reference. Its numbers are NaN for fewer than two common seeds.
    """
    names = [name for name in errors if name != reference]
    pairs = {name: at_common_seeds(errors[name], errors[reference]) for name in names}
    differences = {name: paired_differences(*pair) for name, pair in pairs.items()}
    testable = [name for name in names if len(differences[name]) >= 2]
    p = dict(zip(testable, sign_flip_p_values([differences[name] for name in testable]), strict=True))
    p_holm = dict(zip(testable, map(float, holm(list(p.values()))), strict=True))
    num_seeds_needed = seeds_needed(max(1, len(testable)))
    failures = failures or {}
    comparisons = {}
    for name, sample in differences.items():
        interval = bca_interval(sample)
        adjusted = p_holm.get(name, math.nan)
        comparisons[name] = Comparison(
            n=len(sample),
            difference=float(sample.mean()) if len(sample) else math.nan,
            interval=interval,
            p=p.get(name, math.nan),
            p_holm=adjusted,
            p_better=probability_of_improvement(*pairs[name]),
            verdict=verdict(
                interval,
                adjusted,
                # Too few seeds to show a difference are too few to show that there is none.
                margin=margin if len(sample) >= num_seeds_needed else math.nan,
                failures=failures.get(name, 0),
                reference_failures=failures.get(reference, 0),
            ),
        )
    return comparisons


def verdict(interval: Interval, p_holm: float, *, margin: float, failures: int = 0, reference_failures: int = 0) -> str:
    """ "better", "worse", "equivalent" or "inconclusive".

    The mean over completed runs flatters a schedule with failed or diverged runs, so such a schedule is called neither
    better than another nor equivalent to it.

    Args:
        interval: Confidence interval of the mean difference, negative where the schedule is better.
        p_holm: Adjusted p-value of the difference.
        margin: Half the width of the equivalence interval; NaN where equivalence cannot be judged.
        failures: Failed or diverged runs of the schedule.
        reference_failures: Failed or diverged runs of the reference.
    """
    if p_holm < ALPHA and interval.excludes(0):
        word = "better" if interval.high < 0 else "worse"
    else:
        word = "equivalent" if interval.is_within(margin) else "inconclusive"
    is_flattered = (failures and word != "worse") or (reference_failures and word != "better")
    return "inconclusive" if is_flattered else word


def probability_of_improvement(errors: ArrayLike, other_errors: ArrayLike) -> float:
    """The probability that a run of the first has a smaller error than a run of the second; ties count half.

    Seeds are not paired here: every run is compared with every run of the other.
    """
    first, second = np.asarray(errors, dtype=float), np.asarray(other_errors, dtype=float)
    if not len(first) or not len(second):
        return math.nan
    return float(stats.mannwhitneyu(second, first).statistic / (len(first) * len(second)))


def at_common_seeds(errors: Mapping[int, float], other_errors: Mapping[int, float]) -> tuple[Floats, Floats]:
    """The errors of both at the seeds that both have, in the order of the seeds."""
    seeds = sorted(errors.keys() & other_errors.keys())
    return np.array([errors[seed] for seed in seeds]), np.array([other_errors[seed] for seed in seeds])


def paired_differences(errors: Floats, other_errors: Floats) -> Floats:
    """The first minus the second, rounded so that equal errors differ by exactly zero."""
    return np.round(errors - other_errors, DECIMALS)
