"""What a comparison shows, in plain language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from src.analysis.comparison import NOT_COMPLETED
from src.analysis.labels import display_names
from src.analysis.report.differences import median_line, others_line, test_line
from src.analysis.stats import ALPHA
from src.analysis.wording import count_noun, join_names
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
        test_line(rows, best, tied, beats_all, margin),
        others_line(rows, best, beats_all),
        median_line(rows, best),
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
