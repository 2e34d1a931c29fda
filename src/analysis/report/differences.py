"""Differences from the reference in words: what the tests of one table show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from src import layout
from src.analysis.losses import num_runs
from src.analysis.reference import is_reference, remedy
from src.analysis.report.ranking import num_seeds
from src.analysis.report.reasons import is_reason
from src.analysis.report.tables import power_note
from src.analysis.stats import ALPHA, Interval, seeds_for_equivalence
from src.analysis.wording import join_names, p_with_sign

IDENTICAL = "the runs are identical, as with the same learning rate at every update, to those of"


def differences_line(rows: pd.DataFrame, best: pd.Series, tied: Sequence[str], beats_all: bool, margin: float) -> str:
    """How the best schedule compares with the reference, or why that was not tested."""
    if line := untested_line(rows, beats_all):
        return line
    reference = _reference(rows)
    if is_reference(best.to_frame().T).iloc[0]:
        return f"{reference} is the reference, and no other schedule was shown to be better."
    return _difference_line("It" if len(tied) == 1 else best["name"], best, rows, margin)


def untested_line(rows: pd.DataFrame, beats_all: bool = False) -> str:
    """Why no difference from the reference can be significant; empty if one can."""
    if (num_runs(rows) > 0).sum() <= 1:
        return "Nothing was tested: there is no other schedule to compare with."
    if rows["verdict"].isna().all():
        if beats_all:
            return "It is better than every other schedule: all pairs were tested, with an adjustment for their number."
        return (
            "There is no unique reference among these schedules, so no difference from it was tested. Read the order "
            f"as a description, not as a test. To test differences, {remedy(rows)}."
        )
    return power_note(_reference(rows), int(rows["paired"].max()))


def others_line(rows: pd.DataFrame, best: pd.Series | None, margin: float, beats_all: bool = False) -> str:
    """The verdicts on the schedules besides the best one; empty if none can be significant."""
    if untested_line(rows):
        return ""
    reference = _reference(rows)
    has_verdict = (rows["failures"] == 0) | (rows["verdict"] == "worse")
    others = rows[rows["p_adjusted"].notna() & has_verdict & ~rows["has_few_seeds"]]
    others = others if best is None else others[others["name"] != best["name"]]
    reasons = {row["name"]: _reason(row, margin) for _, row in others.iterrows()}
    best_is_better = best is not None and best["verdict"] == "better"
    headings = {
        "better": f"{'Also better' if best_is_better else 'Better'} than {reference}",
        "slightly better": f"Better than {reference}, but by less than the margin",
        "equivalent": f"Equivalent to {reference}",
        "identical": f"Not compared, because {IDENTICAL} {reference}",
        "slightly worse": f"Worse than {reference}, but by less than the margin",
        "worse": f"Worse than {reference}",
        "inconclusive": f"Not shown to differ from {reference}",
    }
    undecided = others["name"].map(reasons) != ""
    names = {verdict: list(others[(others["verdict"] == verdict) & ~undecided]["name"]) for verdict in headings}
    lines = [f"{heading}: {join_names(names[verdict])}." for verdict, heading in headings.items() if names[verdict]]
    if best is not None and best_is_better and names["better"] and not beats_all:
        them = "it" if len(names["better"]) == 1 else "them"
        lines.insert(1, f"Whether {best['name']} differs from {them} is in {layout.PAIRWISE}.")
    return " ".join([*lines, *_reason_lines(reasons, "" if best is None else _reason(best, margin))])


def _reason_lines(reasons: Mapping[str, str], best_reason: str) -> list[str]:
    """The inconclusive schedules by the reason; that of the best schedule is not repeated."""
    lines = []
    for reason in dict.fromkeys(filter(None, reasons.values())):
        names = join_names([name for name, other in reasons.items() if other == reason])
        is_known = reason == best_reason
        lines.append(
            f"Inconclusive for the same reason: {names}." if is_known else f"Inconclusive: {names} – {reason}."
        )
    return lines


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


def _difference_line(subject: str, row: pd.Series, rows: pd.DataFrame, margin: float) -> str:
    reference = _reference(rows)
    if pd.isna(row["p_adjusted"]):
        return f"{subject} could not be compared with {reference}: they share fewer than two seeds."
    has_other_seeds = bool(row["paired"] != num_seeds(row["common_seeds"]))
    over = f" over the {row['paired']:g} seeds that both completed" * has_other_seeds
    points = f"{abs(100 * row['difference']):.2f} percentage points{over}"
    p = f"adjusted {p_with_sign(row['p_adjusted'])}"
    side = "below" if row["difference"] < 0 else "above"
    if row["verdict"] in ("better", "worse"):
        return f"{subject} is {row['verdict']} than {reference} by {points} ({p})."
    if str(row["verdict"]).startswith("slightly"):
        margin_text = f"less than the {100 * margin:g} percentage points that matter"
        return f"{subject} is {row['verdict']} than {reference} by {points}, {margin_text} ({p})."
    if row["verdict"] == "identical":
        return f"Nothing was compared: {IDENTICAL} {reference}."
    if row["verdict"] == "equivalent":
        within = f"the 95% interval of the difference lies within ± {100 * margin:g} percentage points"
        return f"{subject} is equivalent to {reference}{over}: {within}."
    if reason := _reason(row, margin):
        is_small = row["p_adjusted"] >= ALPHA
        finding = f"would count as equivalent to {reference}" if is_small else f"is {points} {side} {reference} ({p})"
        return f"{subject} {finding}, but the verdict is inconclusive: {reason}."
    if row["difference"] == 0:
        return f"{subject} has the same mean error as {reference}{over}."
    decision = _equivalence_line(row, margin)
    return f"{subject} is {points} {side} {reference}, which may be due to chance ({p}).{decision}"


def _equivalence_line(row: pd.Series, margin: float) -> str:
    """How many seeds could show that an inconclusive difference does not matter; empty if that cannot be estimated."""
    if pd.isna(row["difference_sd"]) or row["difference_sd"] == 0 or row["failures"]:
        return ""
    needed = seeds_for_equivalence(row["difference_sd"], margin, family=1)
    if needed <= row["paired"]:
        return ""
    return f" Showing that the two are equivalent, if they are, would take at least {needed} seeds."


def _reason(row: pd.Series, margin: float) -> str:
    """Why the verdict is inconclusive although the numbers alone would decide it; empty if they would not."""
    is_small = Interval(row["difference_low"], row["difference_high"]).is_within(margin)
    would_decide = row["p_adjusted"] < ALPHA or is_small
    is_withheld = row["verdict"] == "inconclusive" and would_decide and is_reason(row["reason"])
    return str(row["reason"]) if is_withheld else ""


def _reference(rows: pd.DataFrame) -> str:
    return str(rows["reference"].dropna().iloc[0])
