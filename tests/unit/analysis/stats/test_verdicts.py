"""Comparisons with a reference: on simulated tables in which the truth is known, and at the edges of each verdict."""

from __future__ import annotations

import math

import numpy as np
import pytest

from src.analysis.stats import (
    ALPHA,
    Floats,
    Interval,
    compare,
    holm,
    probability_of_improvement,
    sign_flip_p,
    verdict,
)

SEEDS = 10


def null_tables(count: int, schedules: int, seeds: int = SEEDS) -> Floats:
    """Test errors in percent under the null hypothesis: seeds differ, schedules do not, and some runs are outliers.

    Returns:
        (count, schedules, seeds)
    """
    rng = np.random.default_rng(20261121)
    seed_effects = rng.normal(0, 0.1, (count, 1, seeds))
    run_effects = 0.08 * rng.standard_t(3, (count, schedules, seeds))
    return np.round(1.0 + seed_effects + run_effects, 2)  # 10,000 test images give errors in steps of 0.01


def as_errors(table: Floats) -> dict[str, dict[int, float]]:
    return {f"s{number}": dict(enumerate(map(float, row))) for number, row in enumerate(table)}


# --- simulated tables -----------------------------------------------------------------------------------------------


def test_at_most_one_null_table_in_twenty_has_a_significant_verdict() -> None:
    tables = null_tables(1_000, schedules=6)
    p = sign_flip_p(tables[:, 1:] - tables[:, :1])
    candidates = [table for table, family in zip(tables, p, strict=True) if holm(family).min() < ALPHA]
    false_positives = [
        table
        for table in candidates
        if {comparison.verdict for comparison in compare(as_errors(table), "s0", margin=0.05).values()}
        & {"better", "worse"}
    ]
    assert 0 < len(false_positives) <= 50
    # Without the adjustment, with every schedule tested by itself, there would be more than twice as many.
    assert sum(family.min() < ALPHA for family in p) > 100


def test_planted_difference_is_found_with_ten_seeds() -> None:
    tables = null_tables(100, schedules=6)
    tables[:, 3] -= 0.35
    verdicts = [compare(as_errors(table), "s0", margin=0.05)["s3"].verdict for table in tables]
    assert verdicts.count("better") >= 80
    assert verdicts.count("worse") == 0


def test_difference_within_the_margin_is_equivalent() -> None:
    rng = np.random.default_rng(0)
    base = 1.0 + rng.normal(0, 0.2, SEEDS)
    errors = {"constant": dict(enumerate(base)), "same": dict(enumerate(base + rng.normal(0, 0.02, SEEDS)))}
    assert compare(errors, "constant", margin=0.05)["same"].verdict == "equivalent"
    assert compare(errors, "constant", margin=0.001)["same"].verdict == "inconclusive"


# --- pairing by seed ------------------------------------------------------------------------------------------------


def test_only_common_seeds_are_compared() -> None:
    errors = {"constant": {0: 1.0, 1: 2.0, 2: 9.0}, "step": {0: 0.5, 1: 1.0, 3: 0.0}}
    comparisons = compare(errors, "constant", margin=0.05)
    assert set(comparisons) == {"step"}
    assert (comparisons["step"].n, comparisons["step"].difference) == (2, -0.75)


def test_schedule_without_common_seeds_is_inconclusive_and_not_part_of_the_family() -> None:
    errors = {"constant": {0: 1.0, 1: 2.0}, "apart": {7: 0.0, 8: 0.0}, "step": {0: 0.5, 1: 1.0}}
    comparisons = compare(errors, "constant", margin=0.05)
    assert (comparisons["apart"].n, comparisons["apart"].verdict) == (0, "inconclusive")
    assert math.isnan(comparisons["apart"].p)
    assert comparisons["step"].p_holm == comparisons["step"].p == 0.5


def test_equal_errors_differ_by_exactly_zero() -> None:
    errors, other_errors = {0: 1 - 0.9, 1: 0.3}, {0: 0.1, 1: 0.1 + 0.2}
    assert errors[0] != other_errors[0]
    comparison = compare({"step": errors, "constant": other_errors}, "constant", margin=0.001)["step"]
    assert (comparison.difference, comparison.interval, comparison.p) == (0, Interval(0, 0), 1)


def test_probability_of_improvement_counts_pairs_of_runs() -> None:
    assert probability_of_improvement([1, 2], [3, 4]) == 1
    assert probability_of_improvement([1, 3], [2, 3]) == pytest.approx((2 + 0 + 0.5) / 4)
    assert math.isnan(probability_of_improvement([], [1]))


# --- verdicts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "p", "expected"),
    [
        (-0.3, -0.1, 0.01, "better"),
        (0.1, 0.3, 0.01, "worse"),
        (-0.3, -0.1, 0.06, "inconclusive"),
        (-0.04, 0.03, 0.9, "equivalent"),
        (-0.04, -0.01, 0.01, "better"),
        (math.nan, math.nan, 0.01, "inconclusive"),
        (-0.3, 0.1, math.nan, "inconclusive"),
    ],
)
def test_verdict_follows_from_interval_p_and_margin(low: float, high: float, p: float, expected: str) -> None:
    assert verdict(Interval(low, high), p, margin=0.05) == expected


def test_schedule_with_failures_is_never_better() -> None:
    errors = {"constant": {seed: 1.0 + 0.01 * seed for seed in range(10)}, "wild": dict.fromkeys(range(10), 0.5)}
    assert compare(errors, "constant", margin=0.05)["wild"].verdict == "better"
    assert compare(errors, "constant", margin=0.05, failures={"wild": 1})["wild"].verdict == "inconclusive"


def test_reference_with_failures_is_never_better() -> None:
    seeds = range(8)
    errors = {"constant": dict.fromkeys(seeds, 0.01), "step": {seed: 0.020 + seed / 10_000 for seed in seeds}}
    assert compare(errors, "constant", margin=0.001)["step"].verdict == "worse"
    assert compare(errors, "constant", margin=0.001, failures={"constant": 1})["step"].verdict == "inconclusive"
    assert compare(errors, "step", margin=0.001, failures={"step": 1})["constant"].verdict == "better"
    both = {"step": 1, "constant": 1}
    assert compare(errors, "step", margin=0.1, failures=both)["constant"].verdict == "inconclusive"


def test_too_few_seeds_for_a_difference_are_too_few_for_equivalence() -> None:
    errors = {"constant": {0: 1.0, 1: 1.0, 2: 1.0}, "step": {0: 1.0, 1: 1.0, 2: 1.0}}
    assert compare(errors, "constant", margin=0.05)["step"].verdict == "inconclusive"


def test_seeds_needed_for_equivalence_depend_on_the_family() -> None:
    many, few = range(12), range(6)
    errors = {"constant": {seed: 0.5 + seed / 1000 for seed in many}}
    errors |= {f"much better {number}": dict.fromkeys(many, 0.1) for number in range(4)}
    errors |= {"better": dict.fromkeys(few, 0.1), "same": {seed: 0.5 + seed / 1000 for seed in few}}
    comparisons = compare(errors, "constant", margin=0.01)
    assert comparisons["better"].p_holm == pytest.approx(2 * 2 / 64)  # the fifth smallest of six
    assert comparisons["same"].verdict == "inconclusive"
    del errors["same"]
    assert compare(errors, "constant", margin=0.01)["better"].verdict == "better"  # p is 2 / 64
    errors["same"] = {seed: 0.5 + seed / 1000 for seed in many}
    assert compare(errors, "constant", margin=0.01)["same"].verdict == "equivalent"
