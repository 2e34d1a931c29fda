"""Statistics of a comparison, built on scipy. Values are errors or times, so smaller is better.

Runs are paired by seed: under the same seed, two schedules start from the same weights and see the same batches.
"""

from src.analysis.stats.conventions import ALPHA, MIN_DATA_SETS, Floats
from src.analysis.stats.doubts import reasons_of_pairs
from src.analysis.stats.estimates import Interval, censored_median, expected_best, interquartile_mean
from src.analysis.stats.pairs import at_common_seeds, differences_by_seed
from src.analysis.stats.profiles import performance_profile, profile_area
from src.analysis.stats.ranks import critical_difference, friedman_p, indistinct_groups
from src.analysis.stats.resampling import seed_draws
from src.analysis.stats.significance import (
    EXACT_UP_TO,
    MIN_SEEDS,
    RANDOM_PATTERNS,
    FamilyTest,
    Patterns,
    by_seed,
    family_test,
    mean_interval,
    seeds_for_equivalence,
)
from src.analysis.stats.verdicts import (
    VERDICTS,
    Comparison,
    Table,
    compare,
    probabilities_of_improvement,
    verdict,
)

__all__ = [
    "ALPHA",
    "EXACT_UP_TO",
    "MIN_DATA_SETS",
    "MIN_SEEDS",
    "RANDOM_PATTERNS",
    "VERDICTS",
    "Comparison",
    "FamilyTest",
    "Floats",
    "Interval",
    "Patterns",
    "Table",
    "at_common_seeds",
    "by_seed",
    "censored_median",
    "compare",
    "critical_difference",
    "differences_by_seed",
    "expected_best",
    "family_test",
    "friedman_p",
    "indistinct_groups",
    "interquartile_mean",
    "mean_interval",
    "performance_profile",
    "probabilities_of_improvement",
    "profile_area",
    "reasons_of_pairs",
    "seed_draws",
    "seeds_for_equivalence",
    "verdict",
]
