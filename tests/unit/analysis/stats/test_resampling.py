"""Bootstrap draws of a few seeds."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest

from src.analysis.stats import seed_draws


@pytest.mark.parametrize(("num_seeds", "count"), [(1, 1), (2, 3), (3, 10), (5, 126)])
def test_draws_have_the_probabilities_of_ordered_draws(num_seeds: int, count: int) -> None:
    ordered = Counter(tuple(sorted(draw)) for draw in product(range(num_seeds), repeat=num_seeds))
    expected = {draw: number / num_seeds**num_seeds for draw, number in ordered.items()}
    assert seed_draws(num_seeds) == pytest.approx(expected)
    assert len(expected) == count


def test_many_seeds_are_sampled_the_same_way_each_time() -> None:
    draws = seed_draws(9)
    assert draws == seed_draws(9)
    assert sum(draws.values()) == pytest.approx(1)
    assert len(draws) <= 1_000
    assert all(len(draw) == 9 and list(draw) == sorted(draw) and set(draw) <= set(range(9)) for draw in draws)
