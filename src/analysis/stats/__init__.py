"""Statistics of a comparison, built on scipy. Values are errors or times, so smaller is better.

Runs are paired by seed: under the same seed, two schedules start from the same weights and see the same batches.
"""

from src.analysis.stats.conventions import ALPHA, MIN_WORKLOADS, Floats
from src.analysis.stats.estimates import Interval, bca_interval, censored_median, interquartile_mean
from src.analysis.stats.profiles import performance_profile, profile_area
from src.analysis.stats.ranks import critical_difference, friedman_p
from src.analysis.stats.significance import (
    EXACT_UP_TO,
    RANDOM_PATTERNS,
    holm,
    seeds_needed,
    sign_flip_p,
    sign_flip_p_values,
)
from src.analysis.stats.verdicts import (
    Comparison,
    at_common_seeds,
    compare,
    paired_differences,
    probability_of_improvement,
    verdict,
)

__all__ = [
    "ALPHA",
    "EXACT_UP_TO",
    "MIN_WORKLOADS",
    "RANDOM_PATTERNS",
    "Comparison",
    "Floats",
    "Interval",
    "at_common_seeds",
    "bca_interval",
    "censored_median",
    "compare",
    "critical_difference",
    "friedman_p",
    "holm",
    "interquartile_mean",
    "paired_differences",
    "performance_profile",
    "probability_of_improvement",
    "profile_area",
    "seeds_needed",
    "sign_flip_p",
    "sign_flip_p_values",
    "verdict",
]
