"""What a comparison shows, in plain language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from src.analysis.labels import display_names
from src.analysis.losses import num_lost
from src.analysis.report.caveats import rate_caveats
from src.analysis.report.differences import differences_line, median_line, others_line, untested_line
from src.analysis.report.ranking import (
    NO_COMMON_SEED,
    best_line,
    contradiction_line,
    has_few_seeds,
    left_out_line,
    lines_without_result,
)
from src.analysis.report.reasons import is_reason, reference_reason_line
from src.analysis.stability import differs

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
    """Puts the table of one workload into words.

    The best schedule is the one with the lowest mean over the common seeds. None is called best if a paired difference
    over more seeds contradicts that, and none with failed or diverged runs ever is.

    Args:
        title: The workload.
        rows: `comparison` of the workload.
        pairs: `pairwise` of the workload; decides whether a schedule is better than all others.
        margin: Differences in test error smaller than this do not matter.
    """
    rows = rows.assign(name=display_names(rows), failures=num_lost(rows))
    rows = rows.assign(has_few_seeds=has_few_seeds(rows))
    if not ((rows["failures"] == 0) & rows["test_error_mean"].notna()).any():
        return _answer(title, lines_without_result(rows))
    ranked = rows[rows["common_error_mean"].notna()].sort_values("common_error_mean", kind="stable")
    if ranked.empty:
        return _without_order(title, NO_COMMON_SEED, rows, margin)
    best = ranked.iloc[0]
    pairs = _pairs_of(best, pairs)
    if rivals := _with_smaller_error(pairs, ranked):
        return _without_order(title, contradiction_line(rows, best, rivals), rows, margin)
    tied = tuple(ranked[ranked["common_error_mean"] <= best["common_error_mean"] + _ROUNDING]["name"])
    num_wins = int((pairs["differs"].astype(bool) & (pairs["difference"] < 0)).sum())
    beats_all = 0 < num_wins == len(rows) - 1 and not is_reason(best["reason"])
    lines = [
        best_line(rows, best, tied, beats_all),
        differences_line(rows, best, tied, beats_all, margin),
        others_line(rows, best, margin, beats_all),
        reference_reason_line(rows, best),
        median_line(rows, best),
        left_out_line(rows),
        *rate_caveats(rows, best),
    ]
    return _answer(title, lines, tied, beats_all or (len(tied) == 1 and best["verdict"] == "better"))


def _answer(title: str, lines: Sequence[str], best: tuple[str, ...] = (), is_significant: bool = False) -> Answer:
    return Answer(title, best, is_significant, tuple(line for line in lines if line))


def _without_order(title: str, line: str, rows: pd.DataFrame, margin: float) -> Answer:
    """The answer if the seeds that schedules completed do not allow an order; the verdicts hold all the same."""
    return _answer(title, [line, untested_line(rows), others_line(rows, None, margin), left_out_line(rows)])


def _pairs_of(row: pd.Series, pairs: pd.DataFrame) -> pd.DataFrame:
    """The pairs that a schedule belongs to: `difference` is its test error minus that of the other, named here."""
    columns = ["label", "lr", "warmup", "difference", "differs"]
    parts = [pd.DataFrame(columns=columns)]
    for place, other, sign in (("first", "second", 1), ("second", "first", -1)) if len(pairs) else ():
        is_here = (
            (pairs[place] == row["label"])
            & (pairs[f"{place}_lr"] == row["lr"])
            & (pairs[f"{place}_warmup"] == row["warmup"])
        )
        names = {other: "label", f"{other}_lr": "lr", f"{other}_warmup": "warmup"}
        part = pairs[is_here].rename(columns=names)
        parts.append(part.assign(difference=sign * part["difference"], differs=differs(part))[columns])
    return pd.concat([part for part in parts if len(part)] or parts[:1])


def _with_smaller_error(pairs: pd.DataFrame, ranked: pd.DataFrame) -> list[str]:
    """The ranked schedules that made fewer errors than the one of `pairs` over the seeds that both completed."""
    rivals = pairs[pairs["difference"] > _ROUNDING].merge(ranked, on=["label", "lr", "warmup"])
    return list(rivals["name"])
