"""The step-down maxT test and its intervals: against their definitions, against scipy, and on simulated tables."""

from __future__ import annotations

import itertools
import math
import tracemalloc

import numpy as np
import pytest
from scipy import stats as scipy_stats

from src.analysis.stats import ALPHA, MIN_SEEDS, Floats, by_seed, family_test, mean_interval, seeds_for_equivalence
from tests.calibration import is_covered, null_differences, shared_reference


def brute_force(differences: Floats) -> tuple[list[float], list[float]]:
    """p-values and maxT-adjusted p-values as Westfall and Young (1993) define them, one sign pattern at a time."""
    columns = [
        [(seed, value) for seed, value in enumerate(column) if not math.isnan(value)] for column in differences.T
    ]

    def t_of(column: list[tuple[int, float]], signs: tuple[int, ...]) -> float:
        values = [signs[seed] * value for seed, value in column]
        mean = sum(values) / len(values)
        variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
        if variance < 1e-18:
            return math.inf if abs(mean) > 1e-12 else 0.0
        return abs(mean) / math.sqrt(variance / len(values))

    observed = [t_of(column, (1,) * len(differences)) for column in columns]
    order = sorted(range(len(columns)), key=lambda number: -observed[number])
    patterns = list(itertools.product([1, -1], repeat=len(differences)))
    counts, adjusted = [0] * len(columns), [0] * len(columns)
    for signs in patterns:
        flipped = [t_of(column, signs) for column in columns]
        for place, number in enumerate(order):
            threshold = observed[number] * (1 - 1e-7)
            counts[number] += flipped[number] >= threshold
            adjusted[number] += max(flipped[other] for other in order[place:]) >= threshold
    for place in range(1, len(order)):
        adjusted[order[place]] = max(adjusted[order[place]], adjusted[order[place - 1]])
    return [count / len(patterns) for count in counts], [count / len(patterns) for count in adjusted]


def random_table(seeds: int, comparisons: int, *, rounded: int = 12, missing: int = 0, number: int = 0) -> Floats:
    rng = np.random.default_rng(number)
    table = rng.normal(0.1, 0.2, (seeds, 1)) + rng.normal(0, 0.2, (seeds, comparisons))
    for place in range(missing):
        table[place, place % comparisons] = math.nan
    return np.round(table, rounded)


def holm(p: Floats) -> Floats:
    order = np.argsort(p)
    adjusted = np.empty(len(p))
    adjusted[order] = np.maximum.accumulate(np.minimum(p[order] * np.arange(len(p), 0, -1), 1))
    return adjusted


def binomial_bound(rate: float, count: int) -> float:
    """`rate` plus two standard errors of a share of `count`."""
    return rate + 2 * math.sqrt(rate * (1 - rate) / count)


# --- the test against its definition --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "table",
    [
        random_table(6, 3),
        random_table(8, 5, number=1),
        random_table(7, 4, rounded=1, number=2),  # with ties
        random_table(8, 4, rounded=1, missing=2, number=3),
        random_table(9, 2, missing=3, number=4),
        np.zeros((6, 2)),
        np.array([[0.1, 0.3]] * 6),  # every difference the same
    ],
    ids=["normal", "larger", "ties", "missing and ties", "missing", "zero", "constant"],
)
def test_p_values_equal_brute_force(table: Floats) -> None:
    test = family_test(table)
    p, p_adjusted = brute_force(table)
    assert test.p.tolist() == pytest.approx(p, abs=1e-12)
    assert test.p_adjusted.tolist() == pytest.approx(p_adjusted, abs=1e-12)


def test_p_of_a_single_comparison_equals_scipy() -> None:
    errors = np.random.default_rng(8).integers(80, 130, size=(10, 11)) / 10_000 - 0.0101  # with ties
    expected = scipy_stats.permutation_test(
        (errors,), np.mean, permutation_type="samples", vectorized=True, n_resamples=np.inf, axis=-1
    ).pvalue
    for row, p in zip(errors, expected, strict=True):
        test = family_test(row[:, None])
        assert test.p[0] == test.p_adjusted[0] == pytest.approx(p, abs=1e-12)


@pytest.mark.parametrize("num_test", [360, 10_000, 7])
def test_equal_sums_of_examples_tie_for_any_size_of_the_test_set(num_test: int) -> None:
    examples = np.array([19, -8, 2, 10, -4])
    differences = (examples + 50) / num_test - np.full(5, 50 / num_test)
    assert family_test(differences[:, None]).p[0] == family_test(examples[:, None]).p[0] == 18 / 32


@pytest.mark.parametrize("spread", [0.0, 1e-9, 1e-6, 1e-4])
def test_large_and_nearly_equal_differences_have_the_smallest_p(spread: float) -> None:
    differences = 0.9 + spread * np.random.default_rng(0).integers(-2, 3, (10, 4))
    assert family_test(differences).p_adjusted.tolist() == [2 / 2**10] * 4


@pytest.mark.parametrize("seeds", [5, 6, 10])
@pytest.mark.parametrize("comparisons", [1, 8, 36])
def test_smallest_p_does_not_depend_on_the_size_of_the_family(seeds: int, comparisons: int) -> None:
    test = family_test(-1 + 0.01 * np.random.default_rng(0).normal(size=(seeds, comparisons)))
    assert test.p_adjusted.tolist() == [2 / 2**seeds] * comparisons
    assert (2 / 2**seeds < ALPHA) == (seeds >= MIN_SEEDS)


def test_comparisons_that_cannot_be_significant_do_not_count_toward_the_family() -> None:
    table = random_table(8, 3, number=5)
    few = np.full((8, 1), math.nan)
    few[:2] = 0.1
    test = family_test(np.hstack([table, few]))
    assert test.p_adjusted[:3].tolist() == family_test(table).p_adjusted.tolist()
    assert test.intervals[:3] == family_test(table).intervals
    assert (test.p[3], test.p_adjusted[3]) == (0.5, 0.5)


@pytest.mark.parametrize("seeds", [10, 11, 12, 17])
def test_every_sign_pattern_counts_once(seeds: int) -> None:
    table = random_table(seeds, 3, rounded=2, missing=2, number=9)
    signs = 1 - 2 * (np.arange(2**seeds)[:, None] >> np.arange(seeds) & 1)
    sums = np.abs(signs @ np.nan_to_num(table))
    assert family_test(table).p.tolist() == (sums >= sums[0] - 1e-9).mean(axis=0).tolist()


def test_patterns_are_never_in_memory_all_at_once() -> None:
    table = random_table(18, 55)
    tracemalloc.start()
    test = family_test(table)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert test.p.min() >= 2 / 2**18
    assert peak < 16 * 2**20  # the sums of all patterns would take 55 MiB


def test_more_than_twenty_seeds_use_random_patterns_from_a_fixed_seed() -> None:
    table = random_table(40, 3, number=6)
    first, second = family_test(table), family_test(table)
    assert first.p_adjusted.tolist() == second.p_adjusted.tolist()
    assert first.intervals == second.intervals
    for column, p in zip(table.T, first.p, strict=True):
        assert p == pytest.approx(scipy_stats.ttest_1samp(column, 0).pvalue, abs=0.02)
    assert first.p.tolist() == [family_test(column[:, None]).p[0] for column in table.T]
    assert family_test(np.full((21, 1), 0.1)).p.tolist() == [1 / 100_000]


def test_differences_are_aligned_by_seed() -> None:
    table = by_seed([{0: 0.1, 2: 0.3}, {2: 0.5, 1: 0.4}])
    assert np.array_equal(table, [[0.1, math.nan], [math.nan, 0.4], [0.3, 0.5]], equal_nan=True)


# --- intervals ------------------------------------------------------------------------------------------------------


def test_interval_of_one_mean_follows_from_flipped_deviations() -> None:
    values = np.random.default_rng(1).normal(3, 1, 9)
    deviations = values - values.mean()
    flipped = np.array([deviations * signs for signs in itertools.product([1, -1], repeat=9)])
    t = np.sort(np.abs(flipped.mean(axis=1)) / scipy_stats.sem(flipped, axis=1))
    half_width = t[math.ceil(0.95 * 512) - 1] * scipy_stats.sem(values)
    interval = mean_interval(values)
    assert (interval.low, interval.high) == pytest.approx((values.mean() - half_width, values.mean() + half_width))
    alone = family_test(values[:, None]).intervals[0]
    assert (alone.low, alone.high) == pytest.approx((interval.low, interval.high))


def test_interval_is_wider_in_a_family() -> None:
    table = random_table(10, 8, number=7) + 5
    alone, joint = family_test(table[:, :1]).intervals[0], family_test(table).intervals[0]
    assert joint.low < alone.low < alone.high < joint.high


@pytest.mark.parametrize("seeds", [2, 5])
def test_no_interval_below_six_seeds(seeds: int) -> None:
    values = np.random.default_rng(2).normal(size=seeds)
    for interval in (mean_interval(values), family_test(values[:, None]).intervals[0]):
        assert math.isnan(interval.low)
        assert not interval.excludes(0)
        assert not interval.is_within(1e9)


def test_interval_of_equal_values_is_that_value() -> None:
    interval = mean_interval([0.2] * 6)
    assert (interval.low, interval.high) == pytest.approx((0.2, 0.2), abs=1e-12)


def test_interval_is_unknown_where_flips_do_not_bound_the_mean() -> None:
    table = np.array([[1, 1, 1], [1, 1, 2], [1, 2, 1], [2, 1, 2], [2, 2, 1], [2, 2, 2]]) / 10
    assert all(math.isnan(interval.low) for interval in family_test(table).intervals)


def test_interval_agrees_with_the_test() -> None:
    clipped = extended = 0
    for number in range(300):
        table = random_table(8, 4, number=number)
        test = family_test(table)
        for interval, p_adjusted, mean in zip(test.intervals, test.p_adjusted, table.mean(axis=0), strict=True):
            assert interval.low <= mean <= interval.high
            if p_adjusted < ALPHA:
                assert interval.low >= 0 or interval.high <= 0
            else:
                assert interval.low <= 0 <= interval.high
            clipped += p_adjusted < ALPHA and 0 in (interval.low, interval.high)
            extended += p_adjusted >= ALPHA and 0 in (interval.low, interval.high)
    assert clipped
    assert extended


def test_seeds_for_equivalence_give_the_stated_power() -> None:
    num_seeds = seeds_for_equivalence(sd=0.1, margin=0.05, family=1)
    means = np.random.default_rng(3).normal(0, 0.1 / math.sqrt(num_seeds), 20_000)
    power = (np.abs(means) + scipy_stats.norm.ppf(0.975) * 0.1 / math.sqrt(num_seeds) <= 0.05).mean()
    assert power == pytest.approx(0.8, abs=0.03)
    assert seeds_for_equivalence(0.1, 0.05, family=8) > num_seeds
    assert seeds_for_equivalence(0.001, 0.05, family=8) == MIN_SEEDS


# --- simulated tables -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("comparisons", [6, 8])
@pytest.mark.parametrize("errors", ["normal", "tied", "heavy"])
def test_at_most_one_null_table_in_twenty_has_a_significant_comparison(errors: str, comparisons: int) -> None:
    tables = null_differences(errors, shared_reference(comparisons), seeds=8, count=1_000)
    tests = [family_test(table) for table in tables]
    share = sum(test.p_adjusted.min() < ALPHA for test in tests) / len(tests)
    assert 0.01 < share <= binomial_bound(ALPHA, len(tests))
    # Without the adjustment there would be many more.
    assert sum(test.p.min() < ALPHA for test in tests) / len(tests) > 0.1


def test_eight_seeds_find_a_difference_that_holm_cannot() -> None:
    tables = null_differences("heavy", shared_reference(8), seeds=8, count=300)
    tables[:, :, 3] -= 0.3
    tests = [family_test(table) for table in tables]
    assert sum(test.p_adjusted[3] < ALPHA for test in tests) / len(tests) > 0.6
    assert sum(holm(test.p)[3] < ALPHA for test in tests) == 0


@pytest.mark.parametrize("seeds", [6, 8, 10])
def test_simultaneous_intervals_cover_all_differences(seeds: int) -> None:
    tables = null_differences("normal", shared_reference(8), seeds=seeds, count=500)
    truth = np.array([-0.3, 0.3, -0.1, 0.1, 0, 0, 0, 0])
    coverage = np.mean([is_covered(family_test(table + truth), truth) for table in tables])
    assert 0.92 <= coverage <= 0.99
