"""Paired comparisons with a reference schedule, and the verdict on each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from src.analysis.stats.conventions import ALPHA, DECIMALS, Floats
from src.analysis.stats.estimates import Interval
from src.analysis.stats.significance import FamilyTest, Patterns, by_seed, family_test

VERDICTS = ("better", "slightly better", "equivalent", "inconclusive", "slightly worse", "worse")


@dataclass(frozen=True)
class Comparison:
    """A schedule compared with the reference over the `n` seeds that both completed."""

    n: int
    difference: float
    median_difference: float
    sd: float
    interval: Interval
    p: float
    p_adjusted: float
    p_better: float
    verdict: str


@dataclass(frozen=True)
class Table:
    """The errors of one workload.

    Attributes:
        errors: Error of each completed run, by schedule and seed.
        reference: The schedule that the others are compared with.
        margin: Differences smaller than this do not matter: half the width of the equivalence interval around zero.
        failures: Number of failed or diverged runs, by schedule.
    """

    errors: Mapping[str, Mapping[int, float]]
    reference: str
    margin: float
    failures: Mapping[str, int] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The schedules that are compared with the reference."""
        return [name for name in self.errors if name != self.reference]


def compare(tables: Sequence[Table], patterns: Patterns | None = None) -> list[dict[str, Comparison]]:
    """Compares the schedules of every table with its reference. All comparisons are one family.

    Args:
        tables: One per workload.
        patterns: Fewer sign patterns, for comparisons that are repeated many times.

    Returns:
        For each table, one comparison for each schedule but the reference. Its numbers are NaN for fewer than two
        common seeds.
    """
    differences = [
        {name: differences_by_seed(table.errors[name], table.errors[table.reference]) for name in table.names}
        for table in tables
    ]
    testable = [(number, name) for number, rows in enumerate(differences) for name in rows if len(rows[name]) >= 2]
    matrix = by_seed([differences[number][name] for number, name in testable])
    test = family_test(matrix, patterns) if testable else None
    places = {key: place for place, key in enumerate(testable)}
    return [
        {name: _comparison(table, name, rows[name], test, places.get((number, name))) for name in rows}
        for number, (table, rows) in enumerate(zip(tables, differences, strict=True))
    ]


def _comparison(
    table: Table, name: str, differences: Mapping[int, float], test: FamilyTest | None, place: int | None
) -> Comparison:
    sample = np.array(list(differences.values()))
    if test is None or place is None:
        interval, p, p_adjusted = Interval(math.nan, math.nan), math.nan, math.nan
    else:
        interval, p, p_adjusted = test.intervals[place], float(test.p[place]), float(test.p_adjusted[place])
    mean = float(sample.mean()) if len(sample) else math.nan
    return Comparison(
        n=len(sample),
        difference=mean,
        median_difference=float(np.median(sample)) if len(sample) else math.nan,
        sd=float(sample.std(ddof=1)) if len(sample) > 1 else math.nan,
        interval=interval,
        p=p,
        p_adjusted=p_adjusted,
        p_better=probability_of_improvement(*at_common_seeds(table.errors[name], table.errors[table.reference])),
        verdict=verdict(
            mean,
            interval,
            p_adjusted,
            margin=table.margin,
            failures=table.failures.get(name, 0),
            reference_failures=table.failures.get(table.reference, 0),
        ),
    )


def verdict(
    difference: float,
    interval: Interval,
    p_adjusted: float,
    *,
    margin: float,
    failures: int = 0,
    reference_failures: int = 0,
) -> str:
    """One of VERDICTS.

    "slightly" means a significant difference that is smaller than the margin, "equivalent" one that is smaller than the
    margin and not significant. Both need the simultaneous interval within the margin, so that at most one family in
    twenty has a wrong one. The mean over completed runs flatters a schedule with failed or diverged runs, so such a
    schedule is called neither better than another nor equivalent to it.

    Args:
        difference: Mean difference, negative where the schedule is better.
        interval: Its simultaneous confidence interval.
        p_adjusted: Adjusted p-value of the difference.
        margin: Half the width of the equivalence interval.
        failures: Failed or diverged runs of the schedule.
        reference_failures: Failed or diverged runs of the reference.
    """
    is_small = interval.is_within(margin)
    if p_adjusted < ALPHA:
        word = ("slightly " if is_small else "") + ("better" if difference < 0 else "worse")
    else:
        word = "equivalent" if is_small else "inconclusive"
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


def differences_by_seed(errors: Mapping[int, float], other_errors: Mapping[int, float]) -> dict[int, float]:
    """The first minus the second at their common seeds, rounded so that equal errors differ by exactly zero."""
    seeds = sorted(errors.keys() & other_errors.keys())
    return {seed: round(errors[seed] - other_errors[seed], DECIMALS) for seed in seeds}
