"""The table of the page on open questions that compares schedules with themselves without warmup."""

from __future__ import annotations

import functools

import pandas as pd

from src.analysis.redraws import redraws
from src.analysis.stability import with_stable_pairs
from src.analysis.stats import family_test
from tests.published_files import RESULTS
from tests.published_summary import to_markdown
from tests.republish import read_results

FOLDER = RESULTS / "questions" / "warmup"
COLD = {"warmup_cosine": "cosine"}  # what a schedule is without its warmup, if that has another name
KEYS = ["optimizer", "scheduler", "warmup"]


@functools.cache
def warmup_effects() -> pd.DataFrame:
    """One row per schedule with warmup: the difference in test error from the same schedule without it, in points.

    Each has its own tuned rate. All comparisons are one family. `agreement` is the share of draws of the tuning seeds
    in which the test ends in the same way. A difference is not a verdict: outlying runs are not looked for.
    """
    results = read_results(FOLDER)
    pairs = results.pairs[results.pairs.apply(_is_effect, axis=1)]
    keys = [_keys(row) for _, row in pairs.iterrows()]
    errors = 100 * (1 - results.evaluation.pivot(index="seed", columns=KEYS, values="test_accuracy")).round(6)
    differences = errors[[warm for warm, _ in keys]].to_numpy() - errors[[cold for _, cold in keys]].to_numpy()
    test = family_test(differences)
    stable = with_stable_pairs(pairs, results.evaluation, redraws(results.runs))
    rates = results.evaluation.groupby(KEYS)["lr"].first()
    table = pd.DataFrame([warm for warm, _ in keys], columns=KEYS).assign(
        peaks=[f"{rates[cold]:g}, {rates[warm]:g}" for warm, cold in keys],
        difference=differences.mean(axis=0).round(6),
        sd=differences.std(axis=0, ddof=1),
        low=[interval.low for interval in test.intervals],
        high=[interval.high for interval in test.intervals],
        p=test.p_adjusted,
        agreement=stable["tuning_agreement"].to_numpy(),
    )
    return table.sort_values(KEYS, ignore_index=True)


def _is_effect(pair: pd.Series) -> bool:
    """Whether the pair is a schedule with warmup and the same one without."""
    (_, warm, warmup), (_, cold, no_warmup) = _keys(pair)
    return warmup > no_warmup == 0 and COLD.get(warm, warm) == cold


def _keys(pair: pd.Series) -> list[tuple[str, str, float]]:
    """Both settings of a pair, the one with the longer warmup first."""
    settings = [(pair["optimizer"], pair[place], pair[f"{place}_warmup"]) for place in ("first", "second")]
    return sorted(settings, key=lambda setting: -setting[2])


def summary(table: pd.DataFrame) -> str:
    """The table as the page quotes it."""
    differences = [f"{row.difference:+.2f} [{row.low:+.2f}, {row.high:+.2f}]" for row in table.itertuples()]
    shown = table[KEYS].assign(**{
        "peak lr without, with": table["peaks"],
        "Δ": differences,
        "p (adjusted)": table["p"].map("{:.3f}".format),
        "draws that agree": table["agreement"].map("{:.0%}".format),
    })  # fmt: skip
    return to_markdown(shown, num_names=2)


if __name__ == "__main__":
    print(summary(warmup_effects()))
