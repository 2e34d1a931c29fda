"""Reasons against verdicts: outlying runs, skewed differences, and what a verdict withstands."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from src.analysis.stats import Comparison, Table, compare, reasons_of_pairs
from src.analysis.stats.doubts import Doubt
from tests.calibration import FAMILIES, calibration

MARGIN = 0.0005  # 0.05 points

Errors = Mapping[str, Mapping[int, float]]


def sample(number: int, *, mean: float = 0.01, sd: float = 0.0002, seeds: int = 10) -> dict[int, float]:
    """Errors with exactly that mean, so that no verdict depends on luck."""
    noise = np.random.default_rng(number).normal(0, sd, seeds)
    return dict(enumerate(mean + noise - noise.mean()))


def compare_one(errors: Errors, failures: Mapping[str, int] | None = None) -> dict[str, Comparison]:
    (comparisons,) = compare([Table(errors, "constant", MARGIN, failures or {})])
    return comparisons


def test_no_reason_without_outlying_runs_or_skew() -> None:
    errors = {"constant": sample(0), "cosine": sample(1, mean=0.007), "step": sample(2, mean=0.012)}
    rows = compare_one(errors | {"wsd": sample(3)})
    assert [(row.verdict, row.reason) for row in rows.values()] == [
        ("better", ""), ("worse", ""), ("equivalent", ""),
    ]  # fmt: skip


def test_outlying_run_that_could_undo_a_verdict_is_named() -> None:
    errors = {"constant": sample(0, seeds=20), "cosine": sample(1, mean=0.008, seeds=20)}
    assert compare_one(errors)["cosine"].verdict == "better"
    errors["cosine"][7] += 0.011
    row = compare_one(errors)["cosine"]
    assert row.p_adjusted < 0.05
    assert row.verdict == "inconclusive"
    assert row.reason.startswith("an outlying run: seed 7 is 1.1")
    assert row.reason.endswith(" points worse than the median of its schedule")


def test_verdict_stands_where_such_a_run_could_not_undo_it() -> None:
    errors = {"constant": sample(0, mean=0.05, seeds=20), "cosine": sample(1, mean=0.008, seeds=20)}
    errors["cosine"][7] += 0.011
    row = compare_one(errors)["cosine"]
    assert (row.verdict, row.reason) == ("better", "")


def test_bad_run_does_not_flatter_its_schedule_so_worse_stands() -> None:
    errors = {"constant": sample(0, seeds=20), "cosine": sample(1, mean=0.012, seeds=20)}
    errors["cosine"][7] += 0.011
    assert compare_one(errors)["cosine"].verdict == "worse"


def test_lucky_run_flatters_the_reference_so_worse_does_not_stand() -> None:
    errors = {"constant": sample(0, seeds=20), "cosine": sample(1, mean=0.012, seeds=20)}
    errors["cosine"][7] -= 0.011
    row = compare_one(errors)["cosine"]
    assert row.verdict == "inconclusive"
    assert " points better than the median of its schedule" in row.reason


def test_outlying_run_of_the_reference_is_named_and_decides_nothing() -> None:
    errors = {
        "constant": sample(0),
        **{f"s{n}": sample(n, mean=0.005) for n in range(1, 5)},
        "step": sample(9, mean=0.02),
    }
    assert {row.verdict for row in compare_one(errors).values()} == {"better", "worse"}
    errors["constant"][3] += 0.008
    rows = compare_one(errors).values()
    assert {(row.verdict, row.reason) for row in rows} == {
        ("inconclusive", "the reference has an outlying run (seed 3)")
    }
    errors["constant"][5] += 0.009
    assert {row.reason for row in compare_one(errors).values()} == {"the reference has 2 outlying runs (seeds 3 and 5)"}


def test_seed_that_is_bad_for_every_schedule_is_not_outlying() -> None:
    errors = {"constant": sample(0), "cosine": sample(1, mean=0.007)}
    for runs in errors.values():
        runs[4] += 0.05
    assert compare_one(errors)["cosine"].verdict == "better"


def test_mean_that_the_median_contradicts_is_inconclusive() -> None:
    differences = [0.0002] * 11 + [-0.004] * 9
    errors = {"constant": sample(0, seeds=20)}
    errors["cosine"] = {seed: errors["constant"][seed] + change for seed, change in enumerate(differences)}
    row = compare_one(errors)["cosine"]
    assert row.p_adjusted < 0.05
    assert row.verdict == "inconclusive"
    assert row.reason == "the differences are skewed: mean -0.17, median +0.02 points"


def test_bad_runs_elsewhere_in_the_table_count_for_a_schedule_that_had_none() -> None:
    errors = {"constant": sample(0), **{f"s{n}": sample(n, mean=0.009) for n in range(1, 8)}}
    assert compare_one(errors)["s1"].verdict == "better"
    for number in range(2, 8):
        errors[f"s{number}"][number] += 0.01
    row = compare_one(errors)["s1"]
    assert row.verdict == "inconclusive"
    assert row.reason == "the differences in the table are skewed: a mean over 10 seeds may be too low by chance"


def test_skew_of_one_wild_schedule_is_not_that_of_steady_ones() -> None:
    errors = {"constant": sample(0), **{f"s{n}": sample(n, mean=0.009) for n in range(1, 5)}}
    errors["wild"] = {seed: 0.01 + 0.05 * (seed < 3) for seed in range(10)}
    assert {row.verdict for name, row in compare_one(errors).items() if name != "wild"} == {"better"}


def test_failed_runs_are_the_reason() -> None:
    errors = {"constant": sample(0), "cosine": sample(1, mean=0.005), "step": sample(2, mean=0.02)}
    rows = compare_one(errors, {"cosine": 2})
    assert (rows["cosine"].verdict, rows["cosine"].reason) == ("inconclusive", "2 failed or diverged runs")
    rows = compare_one(errors, {"constant": 1})
    assert (rows["step"].verdict, rows["step"].reason) == (
        "inconclusive",
        "the reference has 1 failed or diverged run",
    )
    assert (rows["cosine"].verdict, rows["cosine"].reason) == ("better", "")


def test_five_seeds_show_no_outlying_run() -> None:
    errors = {"constant": sample(0, seeds=5), "cosine": sample(1, seeds=5)}
    errors["cosine"][2] += 1
    assert compare_one(errors)["cosine"].reason == ""


def test_pairs_are_doubted_from_both_sides() -> None:
    errors = {"a": sample(0, seeds=20), "b": sample(1, mean=0.008, seeds=20), "c": sample(2, mean=0.05, seeds=20)}
    errors["b"][7] += 0.011
    pairs = {("a", "b"): "worse", ("a", "c"): "better", ("b", "c"): "better"}
    reasons = reasons_of_pairs(errors, pairs, MARGIN, family=3)
    assert reasons.keys() == pairs.keys()
    assert reasons["a", "b"].startswith("an outlying run of the schedule it is compared with: seed 7 is 1.1")
    assert reasons["a", "c"] == reasons["b", "c"] == ""
    mirrored = reasons_of_pairs(errors, {("b", "a"): "better"}, MARGIN, family=3)
    assert mirrored["b", "a"].startswith("an outlying run: seed 7 is 1.1")


@pytest.mark.parametrize(
    ("verdict", "difference", "holds"),
    [
        ("better", -0.3, True), ("better", -0.15, False), ("worse", 0.15, True), ("worse", 0.05, False),
        ("equivalent", -0.1, True), ("equivalent", 0.01, False), ("slightly better", -0.25, False),
        ("slightly worse", 0.11, False),
    ],
)  # fmt: skip
def test_verdict_holds_for_every_mean_that_luck_allows(verdict: str, difference: float, holds: bool) -> None:
    doubt = Doubt("", too_low=0.2, too_high=0.1)
    assert doubt.is_withstood(verdict, difference, margin=0.2) == holds


@pytest.mark.parametrize("errors", ["skewed, steady reference", "lumpy, steady reference"])
def test_few_tables_of_equal_skewed_schedules_have_a_wrong_verdict(errors: str) -> None:
    false_positives, *_ = calibration(errors, FAMILIES[6], seeds=10, count=60)
    assert false_positives <= 0.1


def test_doubts_about_normal_errors_are_rare_and_cost_little_power() -> None:
    false_positives, doubted, power, _ = calibration("normal", FAMILIES[8], seeds=10, count=60)
    assert false_positives <= 0.1
    assert doubted < 0.03
    assert power > 0.7
