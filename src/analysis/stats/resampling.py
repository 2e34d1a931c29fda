"""Bootstrap draws of a few seeds: all of them with their probabilities, or a fixed sample of many."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations_with_replacement

import numpy as np

MAX_DRAWS = 1_000  # 6 seeds have 462 different draws, 7 have 1,716


def seed_draws(num_seeds: int) -> dict[tuple[int, ...], float]:
    """Draws of `num_seeds` places with replacement, without regard to their order, and the probability of each.

    Exact for up to six seeds; the frequencies of 1,000 random draws from a fixed seed beyond.
    """
    if math.comb(2 * num_seeds - 1, num_seeds) <= MAX_DRAWS:
        draws = combinations_with_replacement(range(num_seeds), num_seeds)
        return {draw: _orders(draw) / num_seeds**num_seeds for draw in draws}
    places = np.random.default_rng(0).integers(0, num_seeds, size=(MAX_DRAWS, num_seeds))
    counts = Counter(tuple(map(int, np.sort(row))) for row in places)
    return {draw: count / MAX_DRAWS for draw, count in counts.items()}


def _orders(draw: tuple[int, ...]) -> int:
    """In how many orders the places of a draw can come: the multinomial coefficient."""
    return math.factorial(len(draw)) // math.prod(math.factorial(count) for count in Counter(draw).values())
