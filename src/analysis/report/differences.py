"""Differences from the reference in words: what the tests of one table show."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from src import layout
from src.analysis.report.tables import family_size, power_note
from src.analysis.stats import MIN_SEEDS, seeds_for_equivalence
from src.analysis.wording import join_names, p_with_sign


def test_line(rows: pd.DataFrame, best: pd.Series, tied: Sequence[str], beats_all: bool, margin: float) -> str:
    """How the best schedule compares with the reference, or why that was not tested."""
    family = family_size(rows)
    if not family:
        return _untested_line(len(rows), beats_all)
    reference = str(rows["reference"].dropna().iloc[0])
    num_seeds = int(rows["paired"].max())
    if not num_seeds:
        return f"Nothing could be tested: no other schedule completed a run with a seed that {reference} completed."
    if too_few_seeds := power_note(reference, num_seeds):
        return too_few_seeds
    if best["scheduler"] == reference:
        if rows["verdict"].isin(("better", "slightly better")).any():
            return (
                f"{reference} is the reference. Over common seeds another schedule was better; check which seeds each "
                "schedule completed."
            )
        return f"{reference} is the reference, and no other schedule was shown to be better."
    return _difference_line("It" if len(tied) == 1 else best["name"], best, reference, margin)


def _untested_line(num_rows: int, beats_all: bool) -> str:
    if num_rows == 1:
        return "Nothing was tested: there is no other schedule to compare with."
    if beats_all:
        return "It is better than every other schedule: all pairs were tested, with an adjustment for their number."
    return (
        "Nothing was tested: there is no unique reference among these schedules. Read the order as a description, not "
        "as a test."
    )


def _difference_line(subject: str, row: pd.Series, reference: str, margin: float) -> str:
    if pd.isna(row["p_adjusted"]):
        return f"{subject} could not be compared with {reference}: they share fewer than two seeds."
    points = f"{abs(100 * row['difference']):.2f} percentage points"
    p = f"adjusted {p_with_sign(row['p_adjusted'])}"
    if row["verdict"] in ("better", "worse"):
        return f"{subject} is {row['verdict']} than {reference} by {points} ({p})."
    if str(row["verdict"]).startswith("slightly"):
        margin_text = f"less than the {100 * margin:g} percentage points that matter"
        return f"{subject} is {row['verdict']} than {reference} by {points}, {margin_text} ({p})."
    if row["verdict"] == "equivalent":
        within = f"the 95% interval of the difference lies within ± {100 * margin:g} percentage points"
        return f"{subject} is equivalent to {reference}: {within}."
    if row["difference"] == 0:
        return f"{subject} has the same mean error as {reference}."
    side = "below" if row["difference"] < 0 else "above"
    decision = _equivalence_line(row, margin)
    return f"{subject} is {points} {side} {reference}, which may be due to chance ({p}).{decision}"


def _equivalence_line(row: pd.Series, margin: float) -> str:
    """How many seeds could show that an inconclusive difference does not matter; empty if that cannot be estimated."""
    if pd.isna(row["difference_sd"]) or row["difference_sd"] == 0 or row["failures"]:
        return ""
    num_seeds = seeds_for_equivalence(row["difference_sd"], margin, family=1)
    return f" Showing that the two are equivalent, if they are, would take at least {num_seeds} seeds."


def others_line(rows: pd.DataFrame, best: pd.Series, beats_all: bool) -> str:
    """The verdicts on the other schedules; empty if the seeds are too few for any to be significant."""
    tested = rows[rows["p_adjusted"].notna()]
    if tested.empty or tested["paired"].max() < MIN_SEEDS:
        return ""
    reference = tested["reference"].iloc[0]
    has_verdict = (tested["failures"] == 0) | (tested["verdict"] == "worse")
    others = tested[(tested["name"] != best["name"]) & has_verdict]
    headings = {
        "better": f"{'Also better' if best['verdict'] == 'better' else 'Better'} than {reference}",
        "slightly better": f"Better than {reference}, but by less than the margin",
        "equivalent": f"Equivalent to {reference}",
        "slightly worse": f"Worse than {reference}, but by less than the margin",
        "worse": f"Worse than {reference}",
        "inconclusive": f"Not shown to differ from {reference}",
    }
    names = {verdict: list(others[others["verdict"] == verdict]["name"]) for verdict in headings}
    lines = [f"{heading}: {join_names(names[verdict])}." for verdict, heading in headings.items() if names[verdict]]
    if best["verdict"] == "better" and names["better"] and not beats_all:
        lines.insert(1, _pairs_line(str(best["name"])))
    return " ".join(lines)


def median_line(rows: pd.DataFrame, best: pd.Series) -> str:
    """A warning where a few seeds decide on which side of zero a mean difference lies."""
    is_stated = (rows["name"] == best["name"]) | ~rows["verdict"].isin(("equivalent", "inconclusive"))
    opposite = rows[is_stated & (rows["difference"] * rows["difference_median"] < 0)]
    if opposite.empty:
        return ""
    details = [
        f"{row['name']} (mean {100 * row['difference']:+.2f}, median {100 * row['difference_median']:+.2f} points)"
        for row in opposite.to_dict("records")
    ]
    return f"The mean and the median difference have opposite signs: {join_names(details)}."


def _pairs_line(best: str) -> str:
    """Where to see whether the best schedule differs from others that are better than the reference too."""
    return f"Whether {best} differs from them is in {layout.PAIRWISE}."
