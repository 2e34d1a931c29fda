"""What a comparison shows, in plain language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from src import layout
from src.analysis.comparison import NOT_COMPLETED
from src.analysis.labels import display_names
from src.analysis.report.tables import family_size, power_note
from src.analysis.stats import ALPHA, MIN_SEEDS, MIN_WORKLOADS, seeds_for_equivalence
from src.analysis.wording import count_noun, format_p, join_names
from src.status import LOST

_ROUNDING = 1e-12  # mean errors that differ by less are equal


@dataclass(frozen=True)
class Answer:
    """What the table of one workload shows, in plain language.

    Attributes:
        title: The workload.
        best: The schedules with the lowest test error; empty if none can be called best.
        is_significant: Whether a test shows the best schedule to be better than the reference or, if it is the
            reference itself, than all others.
        lines: The sentences, most important first.
    """

    title: str
    best: tuple[str, ...]
    is_significant: bool
    lines: tuple[str, ...]


def answer(title: str, rows: pd.DataFrame, pairs: pd.DataFrame, margin: float) -> Answer:
    """Puts the table of one workload into words. A schedule with failed or diverged runs is never called best.

    Args:
        title: The workload.
        rows: `comparison` of the workload.
        pairs: `pairwise` of the workload; decides whether a schedule is better than all others.
        margin: Differences in test error smaller than this do not matter.
    """
    rows = rows.assign(name=display_names(rows), failures=rows[list(LOST)].sum(axis=1))
    is_eligible = (rows["failures"] == 0) & rows["test_error_mean"].notna()
    ranked = rows[is_eligible].sort_values("test_error_mean", kind="stable")
    if ranked.empty:
        return Answer(title, (), False, tuple(_lines_without_best(rows)))
    best = ranked.iloc[0]
    tied = tuple(ranked[ranked["test_error_mean"] <= best["test_error_mean"] + _ROUNDING]["name"])
    beats_all = len(rows) > 1 and _num_wins(best, pairs) == len(rows) - 1
    lines = (
        _best_line(rows, best, tied, beats_all),
        _test_line(rows, best, tied, beats_all, margin),
        _others_line(rows, best, beats_all),
        _median_line(rows, best),
        _failures_line(rows),
    )
    is_significant = beats_all or (len(tied) == 1 and best["verdict"] == "better")
    return Answer(title, tied, is_significant, tuple(line for line in lines if line))


def _num_wins(row: pd.Series, pairs: pd.DataFrame) -> int:
    """How many other schedules it is significantly better than, adjusted for all pairs."""
    if pairs.empty:
        return 0
    significant = pairs[pairs["p_adjusted"] < ALPHA]
    is_first, is_second = (
        (significant[place] == row["label"])
        & (significant[f"{place}_lr"] == row["lr"])
        & (significant[f"{place}_warmup"] == row["warmup"])
        for place in ("first", "second")
    )
    wins = (is_first & (significant["difference"] < 0)) | (is_second & (significant["difference"] > 0))
    return int(wins.sum())


def _lines_without_best(rows: pd.DataFrame) -> list[str]:
    num_completed = int(rows["n"].sum())
    if not num_completed:
        counts = {status: int(rows[status].sum()) for status in NOT_COMPLETED}
        statuses = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        return [f"No best schedule: none of the {sum(counts.values())} runs completed ({statuses})."]
    if rows["test_error_mean"].isna().all():
        return [
            f"No test error yet: {count_noun(num_completed, 'run')} completed, all of them tuning runs.",
            "Tuning runs never read the test set; only their validation results are shown.",
        ]
    return [
        "No best schedule: every schedule with a completed run also has failed or diverged runs.",
        "The means in the table cover the completed runs only, so a new run may well do worse.",
        _failures_line(rows),
    ]


def _best_line(rows: pd.DataFrame, best: pd.Series, tied: Sequence[str], beats_all: bool) -> str:
    low, high = best["test_error_low"], best["test_error_high"]
    interval = "" if pd.isna(low) else f" (95% confidence interval {100 * low:.2f} to {100 * high:.2f})"
    error = f"{100 * best['test_error_mean']:.2f}%{' test error' if beats_all else ''}"
    heading = "Best schedule" if beats_all else "Lowest test error"
    if (rows["test_error_mean"] < best["test_error_mean"]).any():
        heading += " among schedules without failed or diverged runs"
    return f"{heading}: {join_names(tied)}, {error}{interval}, over {count_noun(best['n'], 'seed')}."


def _test_line(rows: pd.DataFrame, best: pd.Series, tied: Sequence[str], beats_all: bool, margin: float) -> str:
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
    p = f"adjusted {_p_with_sign(row['p_adjusted'])}"
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


def _p_with_sign(p: float) -> str:
    text = format_p(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def _others_line(rows: pd.DataFrame, best: pd.Series, beats_all: bool) -> str:
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


def _median_line(rows: pd.DataFrame, best: pd.Series) -> str:
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


def _failures_line(rows: pd.DataFrame) -> str:
    lines = []
    with_failures = rows[rows["failures"] > 0]
    if len(with_failures):
        details = []
        for row in with_failures.to_dict("records"):
            counts = " and ".join(f"{row[status]} {status}" for status in LOST if row[status])
            details.append(f"{row['name']} ({counts} of {row['n'] + row['failures'] + row['interrupted']})")
        lines.append(f"Never called best because of failed or diverged runs: {join_names(details)}.")
    untrainable = rows[(rows["n"] == 0) & rows["lr"].isna() & (rows["failures"] == 0) & (rows["interrupted"] == 0)]
    if len(untrainable):
        lines.append(f"No learning rate in the grid trained {join_names(untrainable['name'])}.")
    return " ".join(lines)


def ranks_in_words(across: pd.DataFrame) -> str:
    """What the ranks over workloads show.

    Args:
        across: `across_workloads`; may be empty.
    """
    if across.empty:
        return ""
    row = across.iloc[0]
    opening = (
        f"Mean ranks by test error over {row['workloads']} workloads; workloads that differ only in their budget count "
        "as one."
    )
    if pd.isna(row["friedman_p"]):
        return f"{opening} The ranks were not tested: a test needs {MIN_WORKLOADS} workloads and three schedules."
    p = f"Friedman's test, {_p_with_sign(row['friedman_p'])}"
    if row["friedman_p"] >= ALPHA:
        return f"{opening} The schedules are not shown to differ ({p})."
    distance = f"{row['critical_difference']:.2f}"
    return (
        f"{opening} The schedules differ ({p}); two of them do if their ranks are {distance} or more apart (Nemenyi)."
    )


def overview(answers: Sequence[Answer]) -> str:
    """The schedule that is best most often; empty for a single table."""
    if len(answers) < 2:
        return ""
    wins = Counter(name for summary in answers for name in summary.best)
    most = max(wins.values(), default=0)
    if not wins:
        return f"None of the {len(answers)} tables has a schedule that can be called best."
    if most < 2:
        return f"No schedule has the lowest test error in more than one of the {len(answers)} tables."
    names = [name for name, count in wins.items() if count == most]
    return f"Lowest test error most often: {join_names(names)}, in {most} of {len(answers)} tables."
