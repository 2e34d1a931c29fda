"""Comparisons with a reference: pairing by seed, the family, and the edges of each verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pytest
from scipy import stats

from src.analysis.stats import (
    Comparison,
    Interval,
    Table,
    compare,
    probabilities_of_improvement,
    verdict,
)

SEEDS = 10

Errors = dict[str, dict[int, float]]


def compare_one(
    errors: Errors, reference: str = "constant", *, margin: float = 0.05, failures: Mapping[str, int] | None = None
) -> dict[str, Comparison]:
    (comparisons,) = compare([Table(errors, reference, margin, failures or {})])
    return comparisons


def noisy(mean: float, sd: float, number: int, seeds: int = SEEDS) -> dict[int, float]:
    return dict(enumerate(np.random.default_rng(number).normal(mean, sd, seeds)))


# --- verdicts of tables ---------------------------------------------------------------------------------------------


def test_each_verdict_in_one_table() -> None:
    seeds = range(12)
    errors = {"constant": {seed: 1.0 + 0.01 * seed for seed in seeds}}
    shifts = {"better": -0.3, "slightly better": -0.02, "equivalent": 0.0, "slightly worse": 0.02, "worse": 0.3}
    for number, (name, shift) in enumerate(shifts.items()):
        noise = noisy(0, 0.004, number, len(seeds))
        mean = sum(noise.values()) / len(noise)  # without it, "equivalent" would depend on luck
        errors[name] = {seed: errors["constant"][seed] + shift + noise[seed] - mean for seed in seeds}
    errors["inconclusive"] = {seed: errors["constant"][seed] + (0.4 if seed % 3 else -0.5) for seed in seeds}
    verdicts = {name: row.verdict for name, row in compare_one(errors).items()}
    assert verdicts == {name: name for name in errors if name != "constant"}


def test_difference_within_the_margin_is_equivalent() -> None:
    base = np.array(list(noisy(1.0, 0.2, 0).values()))
    noise = np.array(list(noisy(0, 0.02, 1).values()))
    errors = {"constant": dict(enumerate(base)), "same": dict(enumerate(base + noise - noise.mean() + 0.002))}
    assert compare_one(errors, margin=0.05)["same"].verdict == "equivalent"
    assert compare_one(errors, margin=0.001)["same"].verdict == "inconclusive"


def test_five_seeds_decide_nothing_and_six_any_table() -> None:
    def verdicts(seeds: int) -> set[str]:
        errors = {f"s{number}": {seed: 0.5 + 0.001 * seed * number for seed in range(seeds)} for number in range(30)}
        errors["constant"] = dict.fromkeys(range(seeds), 1.0)
        return {row.verdict for row in compare_one(errors).values()}

    assert verdicts(5) == {"inconclusive"}
    assert verdicts(6) == {"better"}


def test_too_few_seeds_for_a_difference_are_too_few_for_equivalence() -> None:
    errors = {"constant": {0: 1.0, 1: 1.0, 2: 1.0}, "step": {0: 1.0, 1: 1.0, 2: 1.0}}
    assert compare_one(errors)["step"].verdict == "inconclusive"


def test_schedule_with_failures_is_never_better() -> None:
    errors = {"constant": {seed: 1.0 + 0.01 * seed for seed in range(10)}, "wild": dict.fromkeys(range(10), 0.5)}
    assert compare_one(errors)["wild"].verdict == "better"
    assert compare_one(errors, failures={"wild": 1})["wild"].verdict == "inconclusive"


def test_reference_with_failures_is_never_better() -> None:
    seeds = range(8)
    errors = {"constant": dict.fromkeys(seeds, 0.01), "step": {seed: 0.020 + seed / 10_000 for seed in seeds}}
    assert compare_one(errors, margin=0.001)["step"].verdict == "worse"
    assert compare_one(errors, margin=0.001, failures={"constant": 1})["step"].verdict == "inconclusive"
    assert compare_one(errors, "step", margin=0.001, failures={"step": 1})["constant"].verdict == "better"
    both = {"step": 1, "constant": 1}
    assert compare_one(errors, "step", margin=0.1, failures=both)["constant"].verdict == "inconclusive"


# --- the family -----------------------------------------------------------------------------------------------------


def test_two_tables_are_one_family() -> None:
    tables = [
        Table(
            {"constant": noisy(1, 0.1, 0)} | {f"s{n}": noisy(0.9, 0.1, shift + n) for n in range(3)}, "constant", 0.05
        )
        for shift in (1, 11)
    ]
    joint = compare(tables)
    separate = [compare([table])[0] for table in tables]
    for together, alone in zip(joint, separate, strict=True):
        for name in ("s0", "s1", "s2"):
            assert together[name].p == alone[name].p
            assert together[name].p_adjusted >= alone[name].p_adjusted
            assert together[name].difference == alone[name].difference
    p_values = [[row.p_adjusted for table in report for row in table.values()] for report in (joint, separate)]
    assert p_values[0] != p_values[1]


def test_each_table_has_its_own_margin_and_reference() -> None:
    errors = {"a": noisy(1, 0.1, 0), "b": {seed: error + 0.01 for seed, error in noisy(1, 0.1, 0).items()}}
    first, second = compare([Table(errors, "a", 0.05), Table(errors, "b", 0.001)])
    assert first["b"].verdict == "slightly worse"
    assert second["a"].verdict == "better"


def test_no_table_gives_no_comparison() -> None:
    assert compare([]) == []
    assert compare([Table({"constant": {0: 1.0}}, "constant", 0.05)]) == [{}]


# --- pairing by seed ------------------------------------------------------------------------------------------------


def test_only_common_seeds_are_compared() -> None:
    errors = {"constant": {0: 1.0, 1: 2.0, 2: 9.0}, "step": {0: 0.5, 1: 1.0, 3: 0.0}}
    comparisons = compare_one(errors)
    assert set(comparisons) == {"step"}
    assert (comparisons["step"].n, comparisons["step"].difference) == (2, -0.75)


def test_mean_median_and_deviation_of_the_differences() -> None:
    errors = {"constant": dict.fromkeys(range(3), 1.0), "step": {0: 1.0, 1: 1.25, 2: 2.0}}
    row = compare_one(errors)["step"]
    assert row.difference == pytest.approx(1.25 / 3)
    assert row.median_difference == 0.25
    assert row.sd == pytest.approx(np.std([0, 0.25, 1], ddof=1))


def test_schedule_without_common_seeds_is_inconclusive_and_not_part_of_the_family() -> None:
    errors = {"constant": {0: 1.0, 1: 2.0}, "apart": {7: 0.0, 8: 0.0}, "step": {0: 0.5, 1: 1.0}}
    comparisons = compare_one(errors)
    assert (comparisons["apart"].n, comparisons["apart"].verdict) == (0, "inconclusive")
    assert math.isnan(comparisons["apart"].p)
    assert comparisons["step"].p_adjusted == comparisons["step"].p == 0.5


def test_schedule_with_two_seeds_does_not_hide_the_others() -> None:
    errors = {"constant": {seed: 1.0 + 0.01 * seed for seed in range(8)}, "step": noisy(0.5, 0.02, 0, 8)}
    errors["interrupted"] = {0: 0.9, 1: 0.91}
    assert {name: row.verdict for name, row in compare_one(errors).items()} == {
        "step": "better", "interrupted": "inconclusive",
    }  # fmt: skip


def test_equal_errors_differ_by_exactly_zero() -> None:
    errors, other_errors = {0: 1 - 0.9, 1: 0.3}, {0: 0.1, 1: 0.1 + 0.2}
    assert errors[0] != other_errors[0]
    copies = [
        {seed + 2 * copy: error for copy in range(3) for seed, error in part.items()} for part in (errors, other_errors)
    ]
    comparison = compare_one({"step": copies[0], "constant": copies[1]}, margin=0.001)["step"]
    assert (comparison.difference, comparison.interval, comparison.p) == (0, Interval(0, 0), 1)
    assert comparison.verdict == "equivalent"


def test_probabilities_of_improvement_count_pairs_of_runs() -> None:
    pairs = [([1.0, 2.0], [3.0, 4.0]), ([1.0, 3.0], [2.0, 3.0]), ([], [1.0])]
    better, mixed, unknown = probabilities_of_improvement([(np.array(one), np.array(other)) for one, other in pairs])
    assert better == 1
    assert mixed == pytest.approx((2 + 0 + 0.5) / 4)
    assert math.isnan(unknown)


def test_probabilities_of_many_pairs_are_those_of_each() -> None:
    rng = np.random.default_rng(0)
    sizes = [(4, 5), (10, 10), (0, 3), (4, 5), (10, 10)]
    samples = [(rng.integers(0, 9, first) / 9, rng.integers(0, 9, second) / 9) for first, second in sizes]
    each = [
        stats.mannwhitneyu(second, first).statistic / (len(first) * len(second))
        for first, second in samples
        if len(first)
    ]
    probabilities = probabilities_of_improvement(samples)
    assert [probability for probability in probabilities if not math.isnan(probability)] == each
    assert math.isnan(probabilities[2])


# --- the rule -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "p", "expected"),
    [
        (-0.3, -0.1, 0.01, "better"),
        (0.1, 0.3, 0.01, "worse"),
        (-0.3, -0.1, 0.05, "inconclusive"),
        (-0.04, 0.03, 0.9, "equivalent"),
        (-0.05, 0.05, 0.9, "equivalent"),
        (-0.05, 0.051, 0.9, "inconclusive"),
        (-0.04, -0.01, 0.01, "slightly better"),
        (0.0, 0.04, 0.01, "slightly worse"),
        (-0.06, -0.01, 0.01, "better"),
        (math.nan, math.nan, 0.06, "inconclusive"),
        (-0.3, 0.1, math.nan, "inconclusive"),
    ],
)
def test_verdict_follows_from_interval_p_and_margin(low: float, high: float, p: float, expected: str) -> None:
    assert verdict(low + high, Interval(low, high), p, margin=0.05) == expected


@pytest.mark.parametrize(
    ("difference", "p", "of_schedule", "of_reference"),
    [
        (-0.2, 0.01, "inconclusive", "better"),
        (-0.02, 0.01, "inconclusive", "inconclusive"),
        (0.0, 0.9, "inconclusive", "inconclusive"),
        (0.02, 0.01, "inconclusive", "inconclusive"),
        (0.2, 0.01, "worse", "inconclusive"),
    ],
)
def test_failures_never_flatter_a_schedule(difference: float, p: float, of_schedule: str, of_reference: str) -> None:
    interval = Interval(difference - 0.01, difference + 0.01)
    assert verdict(difference, interval, p, margin=0.05, failures=1) == of_schedule
    assert verdict(difference, interval, p, margin=0.05, reference_failures=1) == of_reference
    assert verdict(difference, interval, p, margin=0.05, failures=1, reference_failures=1) == "inconclusive"
