"""The sign-flip test and Holm's adjustment, against their definitions and against other libraries."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.multitest import multipletests

from src.analysis.stats import ALPHA, holm, paired_differences, seeds_needed, sign_flip_p, sign_flip_p_values


@pytest.mark.parametrize("differences", [[0.1, -0.3, 0.2, 0.5], [0.0, 0.0, 0.1], [0.1] * 6, [0.3, 0.3, -0.3, 0.6, 0.1]])
def test_sign_flip_p_counts_every_sign_pattern(differences: list[float]) -> None:
    sums = [np.dot(signs, differences) for signs in itertools.product([1, -1], repeat=len(differences))]
    is_extreme = [abs(value) >= abs(sum(differences)) - 1e-12 for value in sums]
    assert sign_flip_p(differences) == pytest.approx(sum(is_extreme) / len(is_extreme))


def test_sign_flip_p_equals_scipy() -> None:
    rng = np.random.default_rng(8)
    errors = rng.integers(80, 130, size=(4, 3, 11)) / 10_000  # like test errors, with ties
    expected = scipy_stats.permutation_test(
        (errors - 0.0101,), np.mean, permutation_type="samples", vectorized=True, n_resamples=np.inf, axis=-1
    ).pvalue
    assert sign_flip_p(errors - 0.0101) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("num_test", [360, 10_000, 7])
def test_equal_sums_of_examples_tie_for_any_size_of_the_test_set(num_test: int) -> None:
    examples = np.array([19, -8, 2, 10, -4])
    errors, other_errors = (examples + 50) / num_test, np.full(5, 50 / num_test)
    assert sign_flip_p(paired_differences(errors, other_errors)) == sign_flip_p(examples) == 18 / 32


def test_more_than_twenty_differences_use_random_patterns_from_a_fixed_seed() -> None:
    differences = np.random.default_rng(6).normal(0.35, 1, 40)
    p = float(sign_flip_p(differences))
    assert p == float(sign_flip_p(differences))
    assert p == pytest.approx(scipy_stats.ttest_1samp(differences, 0).pvalue, abs=0.02)


def test_p_values_of_samples_of_different_lengths_keep_their_order() -> None:
    rng = np.random.default_rng(3)
    samples = [rng.normal(0.5, 1, size=n) for n in (5, 8, 5, 3)]
    assert sign_flip_p_values(samples) == [float(sign_flip_p(sample)) for sample in samples]


def test_five_seeds_are_never_significant() -> None:
    assert sign_flip_p([-5.0] * 5) == 2 / 2**5 > ALPHA


@pytest.mark.parametrize("family", [1, 5, 8, 30])
def test_seeds_needed_is_the_smallest_number_that_can_be_significant(family: int) -> None:
    num_seeds = seeds_needed(family)
    assert 2 / 2**num_seeds * family < ALPHA <= 2 / 2 ** (num_seeds - 1) * family


def test_holm_equals_statsmodels() -> None:
    rng = np.random.default_rng(4)
    for size in (1, 2, 5, 30):
        for p in (rng.uniform(size=size), rng.integers(0, 4, size) / 100):
            assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])
