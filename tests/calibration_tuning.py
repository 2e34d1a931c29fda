"""Wrong and right verdicts on simulated sweeps whose rates were tuned: `python -m tests.calibration_tuning`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from src.analysis.stability import MIN_AGREEMENT
from src.analysis.stats import Floats, family_test, seed_draws, verdict

NUM_SCHEDULES = 9  # the first one is the reference
TUNING_SEEDS, EVALUATION_SEEDS = (3, 5), 10
# Percentage points between the two best rates of every schedule, on validation images and on test images.
DISTANCES = ((0.0, 0.0), (0.1, 0.1), (0.2, 0.2), (0.3, 0.3), (0.0, 0.1))
BETTER = -0.3  # percentage points, of one schedule at both of its rates
MARGIN = 0.05
RUN_SD, SEED_SD = 0.14, 0.1
METHODS = ("once", "redrawn", "per seed")

Choices = NDArray[np.intp]


@dataclass(frozen=True)
class Errors:
    """Errors in percentage points, of shape (schedules, rates, seeds); `exact` ones stand in for the loss."""

    measured: Floats
    exact: Floats

    @property
    def num_seeds(self) -> int:
        return int(self.measured.shape[2])

    def choices(self, seeds: Sequence[int]) -> Choices:
        """The rate of each schedule with the smallest median error over `seeds`, then with the smallest loss."""
        medians = (np.median(values[:, :, list(seeds)], axis=2) for values in (self.exact, self.measured.round(9)))
        return np.lexsort(tuple(medians), axis=1)[:, 0]

    def at(self, choices: Choices) -> Floats:
        """Errors at the chosen rates, of shape (seeds, schedules)."""
        return self.measured[np.arange(len(choices)), choices].T


def simulated(rng: np.random.Generator, means: Floats, num_seeds: int, num_images: int) -> Errors:
    """Runs that vary by themselves and with their seed, on `num_images` validation or test images."""
    exact = means[:, :, None] + rng.normal(0, SEED_SD, num_seeds) + rng.normal(0, RUN_SD, (*means.shape, num_seeds))
    return Errors(np.round(exact / 100 * num_images) / num_images * 100, exact)


def directions(errors: Floats) -> list[str]:
    """The verdict on every schedule but the reference, without "slightly"."""
    differences = errors[:, 1:] - errors[:, :1]
    test = family_test(differences.round(9))
    rows = zip(differences.mean(axis=0), test.intervals, test.p_adjusted, strict=True)
    return [verdict(mean, interval, p, margin=MARGIN).removeprefix("slightly ") for mean, interval, p in rows]


def judge(rng: np.random.Generator, num_tuning_seeds: int, validation: Floats, test: Floats) -> dict[str, list[str]]:
    """The verdicts on one simulated sweep by method, from true errors of shape (schedules, rates)."""
    evaluation = simulated(rng, test, EVALUATION_SEEDS, 10_000)
    tuning = simulated(rng, validation, num_tuning_seeds, 5_000)
    chosen = tuning.choices(range(num_tuning_seeds))
    once = directions(evaluation.at(chosen))
    tuning_per_seed = simulated(rng, validation, EVALUATION_SEEDS, 5_000)
    chosen_per_seed = [tuning_per_seed.choices([seed]) for seed in range(EVALUATION_SEEDS)]
    per_seed = np.array([evaluation.at(choices)[seed] for seed, choices in enumerate(chosen_per_seed)])
    return dict(zip(METHODS, (once, redrawn(evaluation, tuning, chosen, once), directions(per_seed)), strict=True))


def redrawn(evaluation: Errors, tuning: Errors, chosen: Choices, verdicts: list[str]) -> list[str]:
    """The verdicts, inconclusive where too few draws of the tuning seeds agree, as in `src.analysis.stability`."""
    weights: dict[tuple[int, ...], float] = {}
    for seeds, weight in seed_draws(tuning.num_seeds).items():
        key = tuple(map(int, tuning.choices(seeds)))
        weights[key] = weights.get(key, 0.0) + weight
    agreement = np.zeros(len(verdicts))
    for choices, weight in weights.items():
        shifts = (tuning.at(np.array(choices)) - tuning.at(chosen)).mean(axis=0)
        drawn = directions(evaluation.at(chosen) + shifts)
        agreement += weight * np.array([one == other for one, other in zip(drawn, verdicts, strict=True)])
    return [word if share >= MIN_AGREEMENT else "inconclusive" for word, share in zip(verdicts, agreement, strict=True)]


def true_errors(distance: float, better: float) -> Floats:
    """Two rates per schedule, the second one worse by `distance`; one schedule is better by `-better` at both."""
    errors = np.tile([1.0, 1.0 + distance], (NUM_SCHEDULES, 1))
    errors[1] += better
    return errors


def shares(num_tuning_seeds: int, distances: tuple[float, float], count: int) -> dict[str, tuple[float, float]]:
    """False verdicts and power of each method.

    Returns:
        The share of tables of equally good schedules with any "better" or "worse", and the share of tables in which the
        one schedule that is better by 0.3 points is called better.
    """
    rng = np.random.default_rng(20261121)
    null, planted = (
        [judge(rng, num_tuning_seeds, *(true_errors(distance, better) for distance in distances)) for _ in range(count)]
        for better in (0.0, BETTER)
    )
    return {
        method: (
            float(np.mean([bool({"better", "worse"} & set(table[method])) for table in null])),
            float(np.mean([table[method][0] == "better" for table in planted])),
        )
        for method in METHODS
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000, help="number of sweeps per cell")
    count = parser.parse_args().count
    names = ", ".join(METHODS)
    print(f"| tuning seeds | rates apart: validation, test | false verdicts % ({names}) | power % ({names}) |")
    print("|--:|--:|--:|--:|")
    for num_seeds, distances in product(TUNING_SEEDS, DISTANCES):
        columns = zip(*shares(num_seeds, distances, count).values(), strict=True)
        texts = [", ".join(f"{100 * share:.0f}" for share in column) for column in columns]
        print(f"| {num_seeds} | {distances[0]:g}, {distances[1]:g} | {' | '.join(texts)} |", flush=True)


if __name__ == "__main__":
    main()
