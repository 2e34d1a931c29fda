"""Paired comparisons with a reference schedule, the verdict on each, and what stands in the way of one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from src.analysis.stats.conventions import ALPHA, Floats
from src.analysis.stats.doubts import Doubts
from src.analysis.stats.estimates import Interval
from src.analysis.stats.pairs import Pair, at_common_seeds
from src.analysis.stats.significance import MIN_SEEDS, FamilyTest, Patterns, by_seed, family_test
from src.analysis.wording import count_noun

VERDICTS = ("better", "slightly better", "equivalent", "inconclusive", "slightly worse", "worse")


@dataclass(frozen=True)
class Comparison:
    """A schedule compared with the reference over the `n` seeds that both completed.

    `reason` says what stands in the way of a verdict: failed or diverged runs, outlying runs, skewed differences.
    """

    n: int
    difference: float
    median_difference: float
    sd: float
    interval: Interval
    p: float
    p_adjusted: float
    p_better: float
    verdict: str
    reason: str = ""


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
    rows = [{name: Pair(table.errors[name], table.errors[table.reference]) for name in table.names} for table in tables]
    testable = [pair for pairs in rows for pair in pairs.values() if len(pair.differences) >= 2]
    test = family_test(by_seed([pair.differences for pair in testable]), patterns) if testable else None
    places = {id(pair): place for place, pair in enumerate(testable)}
    family = sum(len(pair.differences) >= MIN_SEEDS for pair in testable)
    samples = [at_common_seeds(pair.errors, pair.reference_errors) for pairs in rows for pair in pairs.values()]
    p_better = iter(probabilities_of_improvement(samples))
    return [
        {
            name: _comparison(table, name, doubts, test, places.get(id(pair)), next(p_better))
            for doubts in [Doubts(pairs, table.margin, family)]
            for name, pair in pairs.items()
        }
        for table, pairs in zip(tables, rows, strict=True)
    ]


def _comparison(
    table: Table, name: str, doubts: Doubts, test: FamilyTest | None, place: int | None, p_better: float
) -> Comparison:
    pair = doubts.pairs[name]
    if test is None or place is None:
        interval, p, p_adjusted = Interval(math.nan, math.nan), math.nan, math.nan
    else:
        interval, p, p_adjusted = test.intervals[place], float(test.p[place]), float(test.p_adjusted[place])
    mean = float(pair.sample.mean()) if len(pair.sample) else math.nan
    failures, reference_failures = table.failures.get(name, 0), table.failures.get(table.reference, 0)
    word = verdict(
        mean, interval, p_adjusted, margin=table.margin, failures=failures, reference_failures=reference_failures
    )
    reason = _failure_reason(failures, reference_failures) if word == "inconclusive" else ""
    reason = reason or doubts.about_reference or doubts.reason(name, word)
    return Comparison(
        n=len(pair.sample),
        difference=mean,
        median_difference=float(np.median(pair.sample)) if len(pair.sample) else math.nan,
        sd=float(pair.sample.std(ddof=1)) if len(pair.sample) > 1 else math.nan,
        interval=interval,
        p=p,
        p_adjusted=p_adjusted,
        p_better=p_better,
        verdict="inconclusive" if reason else word,
        reason=reason,
    )


def _failure_reason(failures: int, reference_failures: int) -> str:
    if failures:
        return count_noun(failures, "failed or diverged run")
    return f"the reference has {count_noun(reference_failures, 'failed or diverged run')}" if reference_failures else ""


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


def probabilities_of_improvement(samples: Sequence[tuple[Floats, Floats]]) -> list[float]:
    """For each pair of samples, the probability that a run of the first has a smaller error than a run of the second.

    Ties count half. Seeds are not paired here: every run is compared with every run of the other. Pairs of equal sizes
    are computed at once, which is much faster.
    """
    sizes = [(len(first), len(second)) for first, second in samples]
    probabilities = np.full(len(samples), math.nan)
    for size in set(sizes):
        if 0 not in size:
            places = [place for place, other in enumerate(sizes) if other == size]
            first, second = (np.array([samples[place][side] for place in places]) for side in (0, 1))
            test = stats.mannwhitneyu(second, first, axis=1, method="asymptotic")  # only its statistic is used
            probabilities[places] = test.statistic / math.prod(size)
    return [float(probability) for probability in probabilities]
