"""Why a verdict cannot be trusted although the numbers alone would decide it: outlying runs and skewed differences.

The sign-flip test assumes that differences are symmetric around their mean. If rare bad runs stretch one tail, the
seeds that ran may show too few of them, and the mean flatters the schedule. So a verdict has to withstand such luck.
How large it may be is judged by the row's own differences if they have an outlying run or are skewed, and by those of
the whole table if these are skewed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np

from src.analysis.stats.conventions import ALPHA, Floats
from src.analysis.stats.estimates import Interval
from src.analysis.stats.pairs import Pair, distance_from_median
from src.analysis.stats.significance import MIN_SEEDS
from src.analysis.stats.tails import have_equal_spread, luck, skew_sign
from src.analysis.wording import join_names


@dataclass(frozen=True)
class Doubt:
    """By how much a mean difference may be too low or too high by chance, and why."""

    reason: str
    too_low: float
    too_high: float

    def is_withstood(self, verdict: str, difference: float, margin: float) -> bool:
        """Whether the verdict would be the same if the mean were off by that much."""
        expected = Interval(difference - self.too_high, difference + self.too_low)
        has_same_sign = expected.high < 0 if difference < 0 else expected.low > 0
        if verdict in ("better", "worse"):
            return has_same_sign
        return expected.is_within(margin) and (has_same_sign or verdict == "equivalent")


@dataclass(frozen=True)
class Doubts:
    """The doubts about the comparisons of one table with its reference.

    Attributes:
        pairs: The comparisons, by name. Those with fewer than six common seeds are left out.
        margin: Half the width of the equivalence interval.
        family: Number of comparisons that are tested together.
    """

    pairs: Mapping[str, Pair]
    margin: float
    family: int

    def reason(self, name: str, verdict: str) -> str:
        """Why the verdict cannot be trusted; if it is inconclusive anyway, its outlying runs. Empty if neither."""
        pair = self._testable.get(name)
        if pair is None:
            return ""
        if verdict == "inconclusive":
            return self._outlying_text(name)
        mean = float(pair.sample.mean())
        doubts = chain(self._of_outlying(name), self._of_skewed(name), self._of_table(name))
        return next((doubt.reason for doubt in doubts if not doubt.is_withstood(verdict, mean, self.margin)), "")

    @cached_property
    def about_reference(self) -> str:
        """Names the reference's runs that cause outlying differences in half of the comparisons or more."""
        pairs = self._testable
        causes = Counter(
            seed for name, seeds in self._outlying.items() for seed in seeds if pairs[name].is_due_to_reference(seed)
        )
        seeds = [
            seed for seed, count in causes.items() if 2 * count >= sum(seed in pair.errors for pair in pairs.values())
        ]
        if not seeds:
            return ""
        runs = "an outlying run (seed" if len(seeds) == 1 else f"{len(seeds)} outlying runs (seeds"
        return f"the reference has {runs} {join_names(sorted(seeds))})"

    @cached_property
    def _testable(self) -> dict[str, Pair]:
        return {name: pair for name, pair in self.pairs.items() if len(pair.differences) >= MIN_SEEDS}

    @cached_property
    def _outlying(self) -> dict[str, list[int]]:
        """Seeds with an outlying difference, the farthest first."""
        return {name: pair.outlying_seeds(min_scale=self.margin / 2) for name, pair in self._testable.items()}

    @cached_property
    def _scales(self) -> dict[str, float]:
        """What the deviations of each comparison are divided by before they are pooled: 1 if their spreads agree."""
        samples = {name: _deviations(pair) for name, pair in self._testable.items()}
        if have_equal_spread(list(samples.values())):
            return dict.fromkeys(samples, 1.0)
        return {name: float(np.abs(sample).mean()) or 1.0 for name, sample in samples.items()}

    @cached_property
    def _pool(self) -> Floats:
        return np.concatenate([_deviations(pair) / self._scales[name] for name, pair in self._testable.items()])

    @cached_property
    def _pool_skew(self) -> int:
        return skew_sign(self._pool)

    def _of_outlying(self, name: str) -> Iterator[Doubt]:
        if seeds := self._outlying[name]:
            pair = self._testable[name]
            tails = {1 if pair.deviations[seed] > 0 else -1 for seed in seeds}
            yield self._doubt(self._outlying_text(name), _deviations(pair), len(pair.sample), tails)

    def _of_skewed(self, name: str) -> Iterator[Doubt]:
        pair = self._testable[name]
        mean, median = float(pair.sample.mean()), float(np.median(pair.sample))
        reason = f"the differences are skewed: mean {100 * mean:+.2f}, median {100 * median:+.2f} points"
        yield Doubt(reason, too_low=max(0.0, median - mean), too_high=max(0.0, mean - median))
        if sign := skew_sign(_deviations(pair)):
            yield self._doubt(reason, _deviations(pair), len(pair.sample), {sign})

    def _of_table(self, name: str) -> Iterator[Doubt]:
        if sign := self._pool_skew:
            count = len(self._testable[name].sample)
            side = "low" if sign > 0 else "high"
            reason = f"the differences in the table are skewed: a mean over {count} seeds may be too {side} by chance"
            yield self._doubt(reason, self._scales[name] * self._pool, count, {sign})

    def _doubt(self, reason: str, pool: Floats, count: int, tails: set[int]) -> Doubt:
        """A mean is too low if seeds of the right tail are missing, and too high if those of the left tail are."""
        too_low, too_high = luck(pool, count, level=ALPHA / (2 * self.family))
        return Doubt(reason, too_low if 1 in tails else 0.0, too_high if -1 in tails else 0.0)

    def _outlying_text(self, name: str) -> str:
        pair, seeds = self._testable[name], self._outlying[name]
        if not seeds:
            return ""
        seed, of = seeds[0], ""
        distance = distance_from_median(pair.errors, seed)
        if pair.is_due_to_reference(seed):
            distance, of = distance_from_median(pair.reference_errors, seed), " of the schedule it is compared with"
        subject = f"an outlying run{of}: seed {seed}"
        if len(seeds) > 1:
            subject = f"{len(seeds)} outlying runs{of}: seed {seed}, the farthest,"
        side = "worse" if distance > 0 else "better"
        return f"{subject} is {100 * abs(distance):.2f} points {side} than the median of its schedule"


def reasons_of_pairs(
    errors: Mapping[str, Mapping[int, float]], verdicts: Mapping[tuple[str, str], str], margin: float, family: int
) -> dict[tuple[str, str], str]:
    """Why verdicts on pairs cannot be trusted; empty where they can.

    Args:
        errors: Error of each completed run, by schedule and seed.
        verdicts: "better" or "worse" for pairs whose difference is significant: the first compared with the second.
        margin: Half the width of the equivalence interval.
        family: Number of comparisons that are tested together.
    """
    doubts = {
        reference: Doubts(
            {name: Pair(sample, errors[reference]) for name, sample in errors.items() if name != reference},
            margin,
            family,
        )
        for reference in {name for pair in verdicts for name in pair}
    }
    mirrored = {"better": "worse", "worse": "better"}
    return {
        (first, second): doubts[second].reason(first, verdict) or doubts[first].reason(second, mirrored[verdict])
        for (first, second), verdict in verdicts.items()
    }


def _deviations(pair: Pair) -> Floats:
    return np.array(list(pair.deviations.values()))
