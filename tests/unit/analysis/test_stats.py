"""The statistics: against other libraries, against definitions, and on tables in which the truth is known."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.libqsturng import qsturng
from statsmodels.stats.multitest import multipletests

from src.analysis.stats import (
    ALPHA,
    Floats,
    Interval,
    bca_interval,
    censored_median,
    compare,
    critical_difference,
    differences,
    friedman_p,
    holm,
    interquartile_mean,
    mean_ranks,
    performance_profile,
    probability_of_improvement,
    profile_area,
    seeds_needed,
    sign_flip_p,
    sign_flip_ps,
    verdict,
)

SEEDS = 10


def tables(count: int, schedules: int, seeds: int = SEEDS) -> Floats:
    """Test errors in per cent under the null: no schedule differs; seeds do, and a run is now and then a bad one.

    Returns:
        (count, schedules, seeds)
    """
    rng = np.random.default_rng(20261121)
    of_seed = rng.normal(0, 0.1, (count, 1, seeds))
    of_run = 0.08 * rng.standard_t(3, (count, schedules, seeds))
    return np.round(1.0 + of_seed + of_run, 2)  # on 10,000 test images errors come in steps of 0.01


def as_errors(table: Floats) -> dict[str, dict[int, float]]:
    return {f"s{number}": dict(enumerate(map(float, row))) for number, row in enumerate(table)}


# --- proofs on simulated tables -------------------------------------------------------------------------------------


def test_under_the_null_at_most_one_table_in_twenty_calls_anything_better_or_worse() -> None:
    null = tables(1_000, schedules=6)
    p = sign_flip_p(null[:, 1:] - null[:, :1])
    suspicious = [table for table, family in zip(null, p, strict=True) if holm(family).min() < ALPHA]
    wrong = [
        table
        for table in suspicious
        if {each.verdict for each in compare(as_errors(table), "s0", margin=0.05).values()} & {"better", "worse"}
    ]
    assert 0 < len(wrong) <= 50
    # What the tables of other tools do: every schedule tested by itself.
    assert sum(family.min() < ALPHA for family in p) > 100


def test_a_planted_difference_is_found_with_ten_seeds() -> None:
    planted = tables(100, schedules=6)
    planted[:, 3] -= 0.35
    verdicts = [compare(as_errors(table), "s0", margin=0.05)["s3"].verdict for table in planted]
    assert verdicts.count("better") >= 80
    assert verdicts.count("worse") == 0


def test_a_difference_that_does_not_matter_is_equivalent() -> None:
    rng = np.random.default_rng(0)
    base = 1.0 + rng.normal(0, 0.2, SEEDS)
    errors = {"constant": dict(enumerate(base)), "same": dict(enumerate(base + rng.normal(0, 0.02, SEEDS)))}
    assert compare(errors, "constant", margin=0.05)["same"].verdict == "equivalent"
    assert compare(errors, "constant", margin=0.001)["same"].verdict == "inconclusive"


# --- one sample -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("differences", [[0.1, -0.3, 0.2, 0.5], [0.0, 0.0, 0.1], [0.1] * 6, [0.3, 0.3, -0.3, 0.6, 0.1]])
def test_the_sign_flip_p_counts_every_pattern_of_signs(differences: list[float]) -> None:
    patterns = [np.dot(signs, differences) for signs in itertools.product([1, -1], repeat=len(differences))]
    as_far = [abs(each) >= abs(sum(differences)) - 1e-12 for each in patterns]
    assert sign_flip_p(differences) == pytest.approx(sum(as_far) / len(as_far))


def test_the_sign_flip_p_is_that_of_scipy() -> None:
    rng = np.random.default_rng(8)
    errors = rng.integers(80, 130, size=(4, 3, 11)) / 10_000  # as test errors are, with ties
    expected = scipy_stats.permutation_test(
        (errors - 0.0101,), np.mean, permutation_type="samples", vectorized=True, n_resamples=np.inf, axis=-1
    ).pvalue
    assert sign_flip_p(errors - 0.0101) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("num_test", [360, 10_000, 7])
def test_sums_of_examples_that_are_equal_are_ties_whatever_the_size_of_the_test_set(num_test: int) -> None:
    examples = np.array([19, -8, 2, 10, -4])
    own, other = (examples + 50) / num_test, np.full(5, 50 / num_test)
    assert sign_flip_p(differences(own, other)) == sign_flip_p(examples) == 18 / 32


def test_beyond_twenty_differences_patterns_are_drawn() -> None:
    differences = np.random.default_rng(6).normal(0.35, 1, 40)
    found = float(sign_flip_p(differences))
    assert found == float(sign_flip_p(differences))  # always the same ones
    assert found == pytest.approx(scipy_stats.ttest_1samp(differences, 0).pvalue, abs=0.02)


def test_five_seeds_can_prove_nothing_and_the_message_names_how_many_could() -> None:
    assert sign_flip_p([-5.0] * 5) == 2 / 2**5 > ALPHA
    for family in (1, 5, 8, 30):
        enough = seeds_needed(family)
        assert 2 / 2**enough * family < ALPHA <= 2 / 2 ** (enough - 1) * family


def test_the_interval_is_bca_and_not_percentile() -> None:
    sample = np.random.default_rng(1).lognormal(0, 2, 20)
    means = np.random.default_rng(2).choice(sample, (200_000, 20)).mean(axis=1)
    # Efron, JASA 1987: bias from the share of means below the mean, acceleration from the jackknife.
    bias = scipy_stats.norm.ppf((means < sample.mean()).mean())
    left_out = np.array([np.delete(sample, i).mean() for i in range(20)])
    spread = left_out.mean() - left_out
    acceleration = (spread**3).sum() / (6 * (spread**2).sum() ** 1.5)
    z = bias + scipy_stats.norm.ppf([0.025, 0.975])
    low, high = np.quantile(means, scipy_stats.norm.cdf(bias + z / (1 - acceleration * z)))
    found = bca_interval(sample)
    assert (found.low, found.high) == pytest.approx((low, high), rel=0.02)
    assert found.high > np.quantile(means, 0.975) * 1.03  # skewed: a percentile interval ends too soon


def test_the_interval_covers_the_mean_about_as_often_as_it_says() -> None:
    samples = np.random.default_rng(3).normal(0.5, 1, (300, 20))
    hits = sum(not bca_interval(sample).excludes(0.5) for sample in samples)
    assert 0.89 <= hits / 300 <= 0.98


def test_an_interval_of_equal_values_is_that_value_and_of_one_value_unknown() -> None:
    assert bca_interval([0.2, 0.2, 0.2]) == Interval(0.2, 0.2)
    unknown = bca_interval([0.2])
    assert math.isnan(unknown.low)
    assert not unknown.excludes(0)
    assert not unknown.is_within(1)


def test_interquartile_mean_leaves_out_both_ends() -> None:
    assert interquartile_mean([100, 1, 2, 3, 4, 5, 6, -100]) == 3.5


# --- families -------------------------------------------------------------------------------------------------------


def test_holm_is_that_of_statsmodels() -> None:
    rng = np.random.default_rng(4)
    for size in (1, 2, 5, 30):
        for p in (rng.uniform(size=size), rng.integers(0, 4, size) / 100):
            assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])


def test_only_common_seeds_are_compared() -> None:
    errors = {"constant": {0: 1.0, 1: 2.0, 2: 9.0}, "step": {0: 0.5, 1: 1.0, 3: 0.0}}
    found = compare(errors, "constant", margin=0.05)
    assert set(found) == {"step"}
    assert (found["step"].n, found["step"].difference) == (2, -0.75)


def test_what_shares_no_seeds_is_inconclusive_and_spoils_no_family() -> None:
    errors = {"constant": {0: 1.0, 1: 2.0}, "apart": {7: 0.0, 8: 0.0}, "step": {0: 0.5, 1: 1.0}}
    found = compare(errors, "constant", margin=0.05)
    assert (found["apart"].n, found["apart"].verdict) == (0, "inconclusive")
    assert math.isnan(found["apart"].p)
    assert found["step"].p_holm == found["step"].p == 0.5


def test_too_few_seeds_do_not_prove_that_there_is_no_difference_either() -> None:
    errors = {"constant": {0: 1.0, 1: 1.0, 2: 1.0}, "step": {0: 1.0, 1: 1.0, 2: 1.0}}
    assert compare(errors, "constant", margin=0.05)["step"].verdict == "inconclusive"


def test_a_schedule_that_lost_runs_is_never_better() -> None:
    errors = {"constant": {seed: 1.0 + 0.01 * seed for seed in range(10)}, "wild": dict.fromkeys(range(10), 0.5)}
    assert compare(errors, "constant", margin=0.05)["wild"].verdict == "better"
    assert compare(errors, "constant", margin=0.05, lost={"wild": 1})["wild"].verdict == "inconclusive"


@pytest.mark.parametrize(
    ("low", "high", "p", "word"),
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
def test_verdicts(low: float, high: float, p: float, word: str) -> None:
    assert verdict(Interval(low, high), p, margin=0.05) == word


def test_probability_of_improvement_counts_pairs() -> None:
    assert probability_of_improvement([1, 2], [3, 4]) == 1
    assert probability_of_improvement([1, 3], [2, 3]) == pytest.approx((2 + 0 + 0.5) / 4)
    assert math.isnan(probability_of_improvement([], [1]))


# --- times, workloads -----------------------------------------------------------------------------------------------


def test_a_censored_time_survives_the_median() -> None:
    assert censored_median([1.0, 2.0, None]) == 2.0
    assert censored_median([1.0, None, None]) == math.inf
    assert math.isnan(censored_median([]))


def test_what_has_no_error_ranks_last() -> None:
    assert mean_ranks([[0.1, math.nan, 0.2], [0.3, math.nan, 0.2]]).tolist() == [1.5, 3.0, 1.5]


def test_ranks_need_six_workloads() -> None:
    rng = np.random.default_rng(5)
    table = rng.normal([0, 0, 0, 3], size=(8, 4))
    assert friedman_p(table) == pytest.approx(scipy_stats.friedmanchisquare(*table.T).pvalue)
    assert friedman_p(table) < 0.05
    for refused in (lambda: friedman_p(table[:5]), lambda: critical_difference(5, 4)):
        with pytest.raises(ValueError, match="5 workloads"):
            refused()


def test_the_critical_difference_is_that_of_the_tables() -> None:
    assert critical_difference(14, 4) == pytest.approx(2.569 * math.sqrt(4 * 5 / (6 * 14)), rel=1e-3)  # Demšar 2006
    assert critical_difference(10, 7) == pytest.approx(
        qsturng(0.95, 7, np.inf) / math.sqrt(2) * math.sqrt(7 * 8 / 60), rel=1e-2
    )


def test_a_performance_profile_counts_workloads_solved_in_time() -> None:
    times = [[1.0, 2.0, math.inf], [4.0, 1.0, math.nan]]
    profile = performance_profile(times, [1, 2, 4])
    assert profile.tolist() == [[0.5, 0.5, 1.0], [0.5, 1.0, 1.0], [0.0, 0.0, 0.0]]
    assert performance_profile([[math.inf, math.inf]], [1.0]).tolist() == [[0.0], [0.0]]


def test_the_area_of_a_profile_is_its_integral() -> None:
    times = np.array([[1.0, 2.0, math.inf], [4.0, 1.0, 9.0], [1.0, math.inf, 0.5]])
    reference = np.array([1.0, 2.0, 1.0])
    ratios = np.linspace(0, 4, 40_001)
    fractions = (times[:, :, None] / reference[:, None, None] <= ratios).mean(axis=0)
    assert profile_area(times, reference) == pytest.approx(fractions.mean(axis=1), abs=1e-3)
    assert profile_area(reference[:, None], reference).tolist() == [0.75]
    assert profile_area([[3.0], [math.inf]], [math.inf, math.inf]).tolist() == [0.5]


def test_equal_errors_differ_by_exactly_nothing() -> None:
    one, two = {0: 1 - 0.9, 1: 0.3}, {0: 0.1, 1: 0.1 + 0.2}
    assert one[0] != two[0]
    found = compare({"step": one, "constant": two}, "constant", margin=0.001)["step"]
    assert (found.difference, found.interval, found.p) == (0, Interval(0, 0), 1)


def test_p_values_of_several_lengths_keep_their_order() -> None:
    rng = np.random.default_rng(3)
    samples = [rng.normal(0.5, 1, size=n) for n in (5, 8, 5, 3)]
    assert sign_flip_ps(samples) == [float(sign_flip_p(sample)) for sample in samples]


def test_a_reference_that_lost_runs_is_not_better_than_what_lost_none() -> None:
    seeds = range(8)
    errors = {"constant": dict.fromkeys(seeds, 0.01), "step": {seed: 0.020 + seed / 10_000 for seed in seeds}}
    assert compare(errors, "constant", margin=0.001)["step"].verdict == "worse"
    assert compare(errors, "constant", margin=0.001, lost={"constant": 1})["step"].verdict == "inconclusive"
    assert compare(errors, "step", margin=0.001, lost={"step": 1})["constant"].verdict == "better"
    assert compare(errors, "step", margin=0.1, lost={"step": 1, "constant": 1})["constant"].verdict == "inconclusive"


def test_seeds_that_are_too_few_prove_no_equivalence_but_may_prove_a_difference() -> None:
    many, few = range(12), range(6)
    errors = {"constant": {seed: 0.5 + seed / 1000 for seed in many}}
    errors |= {f"much better {number}": dict.fromkeys(many, 0.1) for number in range(4)}
    errors |= {"better": dict.fromkeys(few, 0.1), "alike": {seed: 0.5 + seed / 1000 for seed in few}}
    found = compare(errors, "constant", margin=0.01)
    assert found["better"].p_holm == pytest.approx(2 * 2 / 64)  # the fifth of six
    assert found["alike"].verdict == "inconclusive"
    del errors["alike"]
    assert compare(errors, "constant", margin=0.01)["better"].verdict == "better"  # 2 / 64
    errors["alike"] = {seed: 0.5 + seed / 1000 for seed in many}
    assert compare(errors, "constant", margin=0.01)["alike"].verdict == "equivalent"


def test_ranks_that_are_all_alike_do_not_differ() -> None:
    assert friedman_p(np.ones((6, 3))) == 1
