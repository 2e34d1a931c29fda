"""Several tables in words: the schedule that is best most often, and ranks over workloads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from src.analysis.report.answer import Answer
from src.analysis.stats import ALPHA, MIN_DATA_SETS
from src.analysis.wording import count_noun, join_names, p_with_sign


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
    each = "each " * (len(names) > 1)
    return f"Lowest test error most often: {join_names(names)}, {each}in {most} of {len(answers)} tables."


def ranks_in_words(across: pd.DataFrame) -> str:
    """What the ranks over workloads show.

    Args:
        across: `across_workloads`; may be empty.
    """
    if across.empty:
        return ""
    row = across.iloc[0]
    num_tables, num_data_sets = int(row["tables"]), int(row["data_sets"])
    opening = f"Mean ranks by test error over {num_tables} tables of {count_noun(num_data_sets, 'data set')}."
    if num_tables > num_data_sets:
        opening += " Tables of the same data set are not independent, so their ranks are averaged first."
    if pd.isna(row["friedman_p"]):
        return f"{opening} The ranks were not tested: a test needs {MIN_DATA_SETS} data sets and three schedules."
    p = f"Friedman's test, {p_with_sign(row['friedman_p'])}"
    if row["friedman_p"] >= ALPHA:
        return f"{opening} The schedules are not shown to differ ({p})."
    distance = f"{row['critical_difference']:.2f}"
    return (
        f"{opening} The schedules differ ({p}); two of them do if their ranks are {distance} or more apart (Nemenyi)."
    )
