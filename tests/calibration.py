"""Type-I error, power and coverage of the tests on simulated tables: `python -m tests.calibration`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import combinations
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from src.analysis.stats import ALPHA, FamilyTest, Floats, family_test, significance

STEADY = ", steady reference"
ERRORS = ("normal", "tied", "skewed", "lumpy", f"skewed{STEADY}", f"lumpy{STEADY}")
SEEDS = (6, 8, 10, 20)
DIFFERENCE = -0.3  # percentage points
ROUNDING = 1e-9
MAX_EXACT_SEEDS, NUM_RANDOM = 12, 1_999  # half a million patterns for each of thousands of tables would take hours

Pairs = Sequence[tuple[int, int]]


def shared_reference(comparisons: int) -> Pairs:
    """Each schedule and the reference, which is schedule 0."""
    return [(number, 0) for number in range(1, comparisons + 1)]


def all_pairs(schedules: int) -> Pairs:
    return [(second, first) for first, second in combinations(range(schedules), 2)]


FAMILIES: dict[int, Pairs] = {size: shared_reference(size) for size in (6, 8, 30)} | {36: all_pairs(9)}


def null_differences(errors: str, pairs: Pairs, seeds: int, count: int) -> Floats:
    """Differences between schedules whose expected test errors are equal, in percentage points.

    Args:
        errors: The distribution of test errors: one of ERRORS, or "heavy".
        pairs: Which schedules are compared.
        seeds: Number of seeds. Every schedule shares their effect.
        count: Number of tables.

    Returns:
        (count, seeds, comparisons)
    """
    rng = np.random.default_rng(20261121)
    schedules = 1 + max(max(pair) for pair in pairs)
    shape = (count, seeds, schedules)
    runs = rng.normal(0, 0.1, (count, seeds, 1)) + _run_effects(errors, shape, rng)
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
    limits = zip(test.intervals, truth, strict=True)
    return not any(interval.low > value + ROUNDING or interval.high < value - ROUNDING for interval, value in limits)


def calibration(errors: str, pairs: Pairs, seeds: int, count: int) -> tuple[float, float, float]:
    """Shares of simulated tables.

    Returns:
        Type-I error: tables of equal schedules with a significant comparison. Power: tables in which schedule 1, better
        than the reference by 0.3 points, is significantly better. Coverage: tables in which all intervals contain the
        true differences, if half of the schedules differ from the reference.
    """
    means = np.zeros(1 + max(max(pair) for pair in pairs))
    means[1::4], means[2::4] = DIFFERENCE, 0.1
    truth = np.array([means[first] - means[second] for first, second in pairs])
    planted = pairs.index((1, 0))
    false_positives = found = covered = 0
    for table in null_differences(errors, pairs, seeds, count):
        false_positives += bool(family_test(table).p_adjusted.min() < ALPHA)
        test = family_test(table + truth)
        found += bool(test.p_adjusted[planted] < ALPHA and (table + truth)[:, planted].mean() < 0)
        covered += is_covered(test, truth)
    return false_positives / count, found / count, covered / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000, help="number of tables per cell")
    count = parser.parse_args().count
    families = ", ".join(map(str, FAMILIES))
    print(f"| errors | seeds | false positives % ({families}) | power % ({families}) | coverage % ({families}) |")
    print("|:--|--:|--:|--:|--:|")
    print("| nominal | | 5 | | 95 |")
    with mock.patch.multiple(significance, EXACT_UP_TO=MAX_EXACT_SEEDS, RANDOM_PATTERNS=NUM_RANDOM):
        for errors in ERRORS:
            for seeds in SEEDS:
                cells = [calibration(errors, pairs, seeds, count) for pairs in FAMILIES.values()]
                texts = [", ".join(f"{100 * share:.0f}" for share in column) for column in zip(*cells, strict=True)]
                print(f"| {errors} | {seeds} | {' | '.join(texts)} |", flush=True)


if __name__ == "__main__":
    main()
