"""What a comparison says, in plain words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from src.analysis.labels import display_names
from src.analysis.report.tables import family_size
from src.analysis.stats import ALPHA, MIN_WORKLOADS, seeds_needed
from src.analysis.wording import counted, listed, probability
from src.status import LOST


@dataclass(frozen=True)
class Answer:
    """What one workload's table says, in plain words.

    `best` names those with the lowest error, if anything has one; `is_shown`, whether a test says that it is better
    than the reference or, where it is the reference, than all others.
    """

    title: str
    best: tuple[str, ...]
    is_shown: bool
    lines: tuple[str, ...]


def answer(title: str, rows: pd.DataFrame, pairs: pd.DataFrame, margin: float) -> Answer:
    """Puts one workload's table into words; a schedule that lost runs is never the best.

    Args:
        title: Of the workload.
        rows: Of `comparison`.
        pairs: Of `pairwise`; it takes them to call anything the best of all.
        margin: Differences in test error below it do not matter.
    """
    rows = rows.assign(name=display_names(rows), lost=rows[list(LOST)].sum(axis=1))
    ranked = rows[(rows["lost"] == 0) & rows["test_error_mean"].notna()].sort_values("test_error_mean", kind="stable")
    if ranked.empty:
        return Answer(title, (), False, tuple(_without_best(rows)))
    best = ranked.iloc[0]
    alike = tuple(ranked[ranked["test_error_mean"] <= best["test_error_mean"] + 1e-12]["name"])
    beats_all = len(rows) > 1 and _wins(best, pairs) == len(rows) - 1
    lines = (
        _best_line(rows, best, alike, beats_all),
        _test_line(rows, best, alike, beats_all, margin),
        _rest_line(rows, best, beats_all),
        _lost_line(rows),
    )
    is_shown = beats_all or (len(alike) == 1 and best["verdict"] == "better")
    return Answer(title, alike, is_shown, tuple(line for line in lines if line))


def _wins(row: pd.Series, pairs: pd.DataFrame) -> int:
    """How many others it is significantly better than, Holm over all pairs."""
    if pairs.empty:
        return 0
    clear = pairs[pairs["p_holm"] < ALPHA]
    first, second = (
        (clear[place] == row["label"])
        & (clear[f"{place}_lr"] == row["lr"])
        & (clear[f"{place}_warmup"] == row["warmup"])
        for place in ("first", "second")
    )
    return int((first & (clear["difference_high"] < 0)).sum() + (second & (clear["difference_low"] > 0)).sum())


def _without_best(rows: pd.DataFrame) -> list[str]:
    counts = {status: int(rows[status].sum()) for status in (*LOST, "interrupted")}
    completed = int(rows["n"].sum())
    if not completed:
        told = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        return [f"There is no best schedule here: none of the {sum(counts.values())} runs completed ({told})."]
    if rows["test_error_mean"].isna().all():
        return [
            f"There is no test error yet: {counted(completed, 'run')} completed, and none of them read the test set.",
            "Runs that choose a learning rate never do. What is shown here are their validation results.",
        ]
    return [
        "There is no best schedule here: every one that completed a run lost others.",
        "The means in the table are those of the runs that survived, which is not what a user could expect.",
        _lost_line(rows),
    ]


def _best_line(rows: pd.DataFrame, best: pd.Series, alike: Sequence[str], beats_all: bool) -> str:
    low, high = best["test_error_low"], best["test_error_high"]
    interval = "" if pd.isna(low) else f" (95 % interval {100 * low:.2f} to {100 * high:.2f})"
    error = f"{100 * best['test_error_mean']:.2f} %{' test error' if beats_all else ''}"
    head = "Best here" if beats_all else "Lowest test error"
    if (rows["test_error_mean"] < best["test_error_mean"]).any():
        head += " of what lost no run"
    return f"{head}: {listed(alike)}, {error}{interval}, over {counted(best['n'], 'seed')}."


def _test_line(rows: pd.DataFrame, best: pd.Series, alike: Sequence[str], beats_all: bool, margin: float) -> str:
    """What may be concluded about the first."""
    family = family_size(rows)
    if not family:
        if len(rows) == 1:
            return "Nothing was tested: there is no other schedule to compare it with."
        if beats_all:
            return "It is better than every other schedule here: every pair was tested, with Holm's adjustment for all."
        return (
            "Nothing was tested: among these schedules there is no single reference. Read the order as a description."
        )
    reference = rows["reference"].dropna().iloc[0]
    seeds, needed = int(rows["paired"].max()), seeds_needed(family)
    if not seeds:
        return f"Nothing could be tested: no schedule completed a run under a seed that {reference} completed one with."
    if seeds < needed:
        return (
            f"With {counted(seeds, 'seed')} no difference to {reference} can be significant, however large: "
            f"{counted(family, 'comparison')} would need {needed} seeds. Read this as a description."
        )
    if best["scheduler"] == reference:
        if (rows["verdict"] == "better").any():
            return f"{reference} is the reference; under common seeds another was better, so compare their seeds first."
        return f"{reference} is the reference, and no schedule was found to be better than it."
    opening = f"Against {reference} it" if len(alike) == 1 else f"Against {reference}, {best['name']}"
    return _against(best, opening, margin)


def _against(row: pd.Series, opening: str, margin: float) -> str:
    if pd.isna(row["p_holm"]):
        return f"{opening} could not be tested: the two share less than two seeds."
    points = f"{abs(100 * row['difference']):.2f} percentage points"
    p = f"{_p_in_words(row['p_holm'])} after Holm"
    if row["verdict"] in ("better", "worse"):
        return f"{opening} is {row['verdict']} by {points} ({p})."
    if row["verdict"] == "equivalent":
        within = f"it lies within ± {100 * margin:g} percentage points"
        return f"{opening} makes no difference that matters: {within}."
    if row["difference"] == 0:
        return f"{opening} has the same mean error."
    side = "lower" if row["difference"] < 0 else "higher"
    return f"{opening} is {side} by {points}, which may be chance ({p})."


def _p_in_words(p: float) -> str:
    text = probability(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def _rest_line(rows: pd.DataFrame, best: pd.Series, beats_all: bool) -> str:
    """The verdicts on the others; none where nothing could be significant."""
    compared = rows[rows["p_holm"].notna()]
    if compared.empty or compared["paired"].max() < seeds_needed(len(compared)):
        return ""
    reference = compared["reference"].iloc[0]
    others = compared[(compared["name"] != best["name"]) & ((compared["lost"] == 0) | (compared["verdict"] == "worse"))]
    heads = {
        "better": f"{'Also better' if best['verdict'] == 'better' else 'Better'} than {reference}",
        "equivalent": f"Equivalent to {reference}",
        "worse": f"Worse than {reference}",
        "inconclusive": f"Not shown to differ from {reference}",
    }
    found = {verdict: list(others[others["verdict"] == verdict]["name"]) for verdict in heads}
    told = {verdict: listed(names) for verdict, names in found.items() if names}
    lines = [f"{heads[verdict]}: {names}." for verdict, names in told.items()]
    if best["verdict"] == "better" and "better" in told and not beats_all:
        lines.insert(1, _pairs_line(rows, str(best["name"])))
    return " ".join(lines)


def _pairs_line(rows: pd.DataFrame, best: str) -> str:
    """Where it says whether the best differs from others that are better than the reference, too."""
    pairs, seeds = math.comb(int((rows["n"] >= 2).sum()), 2), int(rows["n"].max())
    if seeds < (needed := seeds_needed(pairs)):
        return f"Whether {best} differs from them is open: telling {pairs} pairs apart would need {needed} seeds."
    return f"Whether {best} differs from them is in pairwise.csv."


def _lost_line(rows: pd.DataFrame) -> str:
    lost = rows[rows["lost"] > 0]
    untrainable = rows[(rows["n"] == 0) & (rows["lr"].isna()) & (rows["lost"] == 0) & (rows["interrupted"] == 0)]
    said = [f"No learning rate of the grid trained {listed(untrainable['name'])}."] if len(untrainable) else []
    if lost.empty:
        return " ".join(said)
    told = []
    for row in lost.to_dict("records"):
        how = " and ".join(f"{row[status]} {status}" for status in LOST if row[status])
        told.append(f"{row['name']} ({how} of {row['n'] + row['lost'] + row['interrupted']})")
    return " ".join([f"Lost runs, and so never called best: {listed(told)}.", *said])


def ranks_in_words(across: pd.DataFrame) -> str:
    """What may be concluded from ranks over workloads.

    Args:
        across: Of `across_workloads`.
    """
    if across.empty:
        return ""
    row = across.iloc[0]
    opening = f"Mean ranks by test error over {row['workloads']} workloads, budgets of one sharing its vote"
    if pd.isna(row["friedman_p"]):
        return f"{opening}: described, not tested, which takes {MIN_WORKLOADS} workloads and three schedules."
    p = _p_in_words(row["friedman_p"])
    if row["friedman_p"] >= ALPHA:
        return f"{opening}: not shown to differ (Friedman, {p})."
    apart = f"two schedules differ where their ranks are {row['critical_difference']:.2f} apart or more (Nemenyi)"
    return f"{opening}: they differ (Friedman, {p}), and {apart}."


def overview(answers: Sequence[Answer]) -> str:
    """Which schedule leads most often, where there are several tables."""
    if len(answers) < 2:
        return ""
    leads = Counter(name for each in answers for name in each.best)
    most = max(leads.values(), default=0)
    if not leads:
        return f"{len(answers)} tables, and in none of them a schedule that can be called best."
    if most < 2:
        return f"{len(answers)} tables, and no schedule has the lowest test error in more than one of them."
    names = [name for name, count in leads.items() if count == most]
    return f"Lowest test error most often: {listed(names)}, in {most} of {len(answers)} tables."
