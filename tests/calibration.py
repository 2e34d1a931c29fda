"""Wrong verdicts, power and coverage of comparisons on simulated tables: `python -m tests.calibration`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from src.analysis.stats import (
    ALPHA,
    FamilyTest,
    Floats,
    Interval,
    Table,
    by_seed,
    compare,
    differences_by_seed,
    family_test,
    reasons_of_pairs,
    significance,
    verdicts,
)

STEADY = ", steady reference"
ERRORS = ("normal", "tied", "skewed", "lumpy", f"skewed{STEADY}", f"lumpy{STEADY}")
SEEDS = (6, 8, 10, 20)
DIFFERENCE = -0.3  # percentage points
MARGIN = 0.05
ROUNDING = 1e-9
MAX_EXACT_SEEDS, NUM_RANDOM = 12, 1_999  # half a million patterns for each of thousands of tables would take hours

Pairs = Sequence[tuple[int, int]]


def shared_reference(comparisons: int) -> Pairs:
    """Each schedule and the reference, which is schedule 0."""
    return [(number, 0) for number in range(1, comparisons + 1)]


def all_pairs(schedules: int) -> Pairs:
    return [(second, first) for first, second in combinations(range(schedules), 2)]


FAMILIES: dict[int, Pairs] = {size: shared_reference(size) for size in (6, 8, 30)} | {36: all_pairs(9)}


def null_errors(errors: str, schedules: int, seeds: int, count: int) -> Floats:
    """Test errors of schedules whose expected test errors are equal, in percentage points around their mean.

    Args:
        errors: The distribution of test errors: one of ERRORS, or "heavy".
        schedules: Number of schedules. The first is the reference.
        seeds: Number of seeds. Every schedule shares their effect.
        count: Number of tables.

    Returns:
        (count, seeds, schedules)
    """
    rng = np.random.default_rng(20261121)
    shape = (count, seeds, schedules)
    return rng.normal(0, 0.1, (count, seeds, 1)) + _run_effects(errors, shape, rng)


def null_differences(errors: str, pairs: Pairs, seeds: int, count: int) -> Floats:
    """Differences of `null_errors` between pairs of schedules: (count, seeds, pairs)."""
    runs = null_errors(errors, _num_schedules(pairs), seeds, count)
    first, second = np.array(pairs).T
    return np.round(runs[:, :, first] - runs[:, :, second], 12)


def _run_effects(errors: str, shape: tuple[int, int, int], rng: np.random.Generator) -> NDArray[np.float64]:
    """What distinguishes the runs of one seed; its expected value is the same for all schedules."""
    if errors == "normal":
        return rng.normal(0, 0.14, shape)
    if errors == "tied":
        return np.round(rng.normal(0, 0.14, shape), 1)  # a test set of 1,000 examples
    if errors == "heavy":
        return np.round(0.08 * rng.standard_t(3, shape), 2)  # the test set of MNIST
    if errors.startswith("skewed"):
        effects = 0.14 * (rng.exponential(1, shape) - 1)
    else:  # one run in ten is worse by a point
        effects = 1.0 * (rng.random(shape) < 0.1) - 0.1 + rng.normal(0, 0.02, shape)
    if errors.endswith(STEADY):
        effects[:, :, 0] = rng.normal(0, 0.02, shape[:2])
    return effects


def is_covered(test: FamilyTest, truth: Floats) -> bool:
    """Whether all intervals contain the true differences."""
    return _all_contain(test.intervals, truth)


@dataclass(frozen=True)
class Decision:
    """What a report says about one pair of schedules."""

    verdict: str
    reason: str
    interval: Interval

    @property
    def is_difference(self) -> bool:
        return self.verdict.endswith(("better", "worse"))


def decisions(table: Floats, pairs: Pairs) -> list[Decision]:
    """The verdicts on the pairs of one table of errors, (seeds, schedules)."""
    errors = {str(number): dict(enumerate(column)) for number, column in enumerate(np.round(table.T, 12))}
    if all(second == 0 for _, second in pairs):
        (comparisons,) = compare([Table(errors, reference="0", margin=MARGIN)])
        return [Decision(row.verdict, row.reason, row.interval) for row in comparisons.values()]
    return _decisions_on_all_pairs(errors, [(str(first), str(second)) for first, second in pairs])


def _decisions_on_all_pairs(
    errors: Mapping[str, Mapping[int, float]], pairs: Sequence[tuple[str, str]]
) -> list[Decision]:
    samples = [differences_by_seed(errors[first], errors[second]) for first, second in pairs]
    test = family_test(by_seed(samples))
    called = {
        pair: "better" if sum(sample.values()) < 0 else "worse"
        for pair, sample, p in zip(pairs, samples, test.p_adjusted, strict=True)
        if p < ALPHA
    }
    reasons = reasons_of_pairs(errors, called, MARGIN, len(pairs))
    return [
        Decision(
            "inconclusive" if reasons.get(pair) else called.get(pair, "inconclusive"), reasons.get(pair, ""), interval
        )
        for pair, interval in zip(pairs, test.intervals, strict=True)
    ]


def calibration(errors: str, pairs: Pairs, seeds: int, count: int) -> tuple[float, float, float, float]:
    """Shares of simulated tables.

    Returns:
        False positives: tables of equal schedules with a comparison called better or worse. Doubted: the share of
        comparisons in those tables that are inconclusive for a reason. Power: tables in which schedule 1, better than
        the reference by 0.3 points, is called better. Coverage: tables in which all intervals contain the true
        differences, if half of the schedules differ from the reference.
    """
    schedules = _num_schedules(pairs)
    means = np.zeros(schedules)
    means[1::4], means[2::4] = DIFFERENCE, 0.1
    truth = np.array([means[first] - means[second] for first, second in pairs])
    planted = pairs.index((1, 0))
    false_positives = doubted = found = covered = 0.0
    for table in null_errors(errors, schedules, seeds, count):
        null, different = decisions(table, pairs), decisions(table + means, pairs)
        false_positives += any(decision.is_difference for decision in null)
        doubted += sum(bool(decision.reason) for decision in null) / len(pairs)
        found += different[planted].verdict.endswith("better")
        covered += _all_contain([decision.interval for decision in different], truth)
    return false_positives / count, doubted / count, found / count, covered / count


def _num_schedules(pairs: Pairs) -> int:
    return 1 + max(max(pair) for pair in pairs)


def _all_contain(intervals: Sequence[Interval], truth: Floats) -> bool:
    return not any(
        interval.low > value + ROUNDING or interval.high < value - ROUNDING
        for interval, value in zip(intervals, truth, strict=True)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="number of tables per cell")
    count = parser.parse_args().count
    families = ", ".join(map(str, FAMILIES))
    columns = [f"{name} % ({families})" for name in ("false positives", "doubted", "power", "coverage")]
    print(f"| errors | seeds | {' | '.join(columns)} |")
    print("|:--|--:|--:|--:|--:|--:|")
    print("| nominal | | 5 | | | 95 |")
    with (
        mock.patch.multiple(significance, EXACT_UP_TO=MAX_EXACT_SEEDS, RANDOM_PATTERNS=NUM_RANDOM),
        mock.patch.object(verdicts, "probabilities_of_improvement", lambda samples: [0.5] * len(samples)),  # unneeded
    ):
        for errors in ERRORS:
            for seeds in SEEDS:
                cells = [calibration(errors, pairs, seeds, count) for pairs in FAMILIES.values()]
                texts = [", ".join(f"{100 * share:.0f}" for share in column) for column in zip(*cells, strict=True)]
                print(f"| {errors} | {seeds} | {' | '.join(texts)} |", flush=True)


if __name__ == "__main__":
    main()
