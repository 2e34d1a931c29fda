"""Two schedules seed by seed: their differences, and which seeds stand out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from src.analysis.stats.conventions import DECIMALS, Floats
from src.analysis.stats.tails import outlying


@dataclass(frozen=True)
class Pair:
    """The errors of a schedule and of the reference that it is compared with, by seed."""

    errors: Mapping[int, float]
    reference_errors: Mapping[int, float]

    @cached_property
    def differences(self) -> dict[int, float]:
        return differences_by_seed(self.errors, self.reference_errors)

    @cached_property
    def sample(self) -> Floats:
        return np.array(list(self.differences.values()))

    @cached_property
    def deviations(self) -> dict[int, float]:
        """Differences minus their median, by seed."""
        median = float(np.median(self.sample))
        return {seed: round(difference - median, DECIMALS) for seed, difference in self.differences.items()}

    def outlying_seeds(self, min_scale: float) -> list[int]:
        """Seeds with an outlying difference, the farthest from the median first."""
        flags = outlying(self.sample, min_scale)
        seeds = [seed for seed, is_outlying in zip(self.differences, flags, strict=True) if is_outlying]
        return sorted(seeds, key=lambda seed: -abs(self.deviations[seed]))

    def is_due_to_reference(self, seed: int) -> bool:
        """Whether the reference's run is farther from the median of its schedule than the other run is."""
        return abs(distance_from_median(self.reference_errors, seed)) > abs(distance_from_median(self.errors, seed))


def differences_by_seed(errors: Mapping[int, float], other_errors: Mapping[int, float]) -> dict[int, float]:
    """The first minus the second at their common seeds, rounded so that equal errors differ by exactly zero."""
    seeds = sorted(errors.keys() & other_errors.keys())
    return {seed: round(errors[seed] - other_errors[seed], DECIMALS) for seed in seeds}


def at_common_seeds(errors: Mapping[int, float], other_errors: Mapping[int, float]) -> tuple[Floats, Floats]:
    """The errors of both at the seeds that both have, in the order of the seeds."""
    seeds = sorted(errors.keys() & other_errors.keys())
    return np.array([errors[seed] for seed in seeds]), np.array([other_errors[seed] for seed in seeds])


def distance_from_median(errors: Mapping[int, float], seed: int) -> float:
    """How much larger the error of one seed is than the median over all seeds."""
    return errors[seed] - float(np.median(list(errors.values())))
