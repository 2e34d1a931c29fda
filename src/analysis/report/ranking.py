"""The order of the schedules in words: which is best, over which seeds, and which are not ranked."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from src.analysis.common_seeds import have_different_seeds
from src.analysis.comparison import NOT_COMPLETED
from src.analysis.stats import MIN_SEEDS
from src.analysis.wording import count_noun, join_names
from src.status import LOST

NO_COMMON_SEED = "No best schedule: there is no seed that all schedules completed, so their errors cannot be ranked."


def lines_without_result(rows: pd.DataFrame) -> list[str]:
    """Why no schedule can be ranked: none has a test error, or all that have one also have failures."""
    num_completed = int(rows["n"].sum())
    if not num_completed:
        counts = {status: int(rows[status].sum()) for status in NOT_COMPLETED if status in rows}
        statuses = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        num_runs = sum(counts.values())
        none = "the only run did not complete" if num_runs == 1 else f"none of the {num_runs} runs completed"
        return [f"No best schedule: {none} ({statuses})."]
    if rows["test_error_mean"].isna().all():
        return [
            f"No test error yet: {count_noun(num_completed, 'run')} completed, "
            f"{'a tuning run' if num_completed == 1 else 'all of them tuning runs'}.",
            "Tuning runs never read the test set; only their validation results are shown.",
        ]
    return [
        "No best schedule: every schedule with a completed run also has failed or diverged runs.",
        "The means in the table cover the completed runs only, so a new run may well do worse.",
        left_out_line(rows),
    ]


def best_line(rows: pd.DataFrame, best: pd.Series, tied: Sequence[str], beats_all: bool) -> str:
    """The schedules with the lowest test error over the common seeds."""
    low, high = best["common_error_low"], best["common_error_high"]
    has_one = not pd.isna(low) and len(tied) == 1
    interval = f" (95% confidence interval {100 * low:.2f} to {100 * high:.2f})" if has_one else ""
    error = f"{100 * best['common_error_mean']:.2f}%{' test error' if beats_all else ''}"
    heading = "Best schedule" if beats_all else "Lowest test error"
    if (rows[rows["failures"] > 0]["test_error_mean"] < best["common_error_mean"]).any():
        heading += " among schedules without failed or diverged runs"
    return f"{heading}: {join_names(tied)}, {error}{interval}, over {_seeds(rows)}.{_too_few_common_seeds(rows)}"


def contradiction_line(rows: pd.DataFrame, best: pd.Series, rivals: Sequence[str]) -> str:
    """Why the schedule with the lowest error over the common seeds is not called best.

    Args:
        rows: The table of the workload.
        best: That schedule.
        rivals: The schedules that made fewer errors than it did over all seeds that both completed.
    """
    name, verb = best["name"], "does better over all seeds that it shares"
    if len(rivals) > 1:
        verb = "do better over all seeds that they share"
    return (
        f"No best schedule: {name} has the lowest test error over {_seeds(rows)}, but {join_names(rivals)} {verb} with "
        f"{name}."
    )


def num_seeds(text: str) -> int:
    """3 for `0 1 2`."""
    return len(text.split())


def has_few_seeds(rows: pd.DataFrame) -> pd.Series:
    """Which rows are not ranked because others have enough seeds for a test and they do not."""
    is_unranked = (rows["common_seeds"] == "") & (rows["failures"] == 0) & rows["test_error_mean"].notna()
    return is_unranked & bool((rows["common_seeds"] != "").any())


def left_out_line(rows: pd.DataFrame) -> str:
    """The schedules that are not ranked, and why."""
    lines = [_failures(rows[rows["failures"] > 0]), _too_few_seeds(rows), _untrainable(rows)]
    return " ".join(line for line in lines if line)


def _seeds(rows: pd.DataFrame) -> str:
    """`8 seeds`; where schedules completed different seeds, `the 8 seeds that all completed`."""
    count = _num_common_seeds(rows)
    if not have_different_seeds(rows):
        return count_noun(count, "seed")
    who = "all" if (rows["n"] > 0).sum() == (rows["common_seeds"] != "").sum() else "all ranked schedules"
    return f"the only seed that {who} completed" if count == 1 else f"the {count} seeds that {who} completed"


def _too_few_common_seeds(rows: pd.DataFrame) -> str:
    count = _num_common_seeds(rows)
    if count >= MIN_SEEDS or not have_different_seeds(rows):
        return ""
    return f" {count_noun(count, 'common seed')} {'is' if count == 1 else 'are'} too few for a reliable order."


def _num_common_seeds(rows: pd.DataFrame) -> int:
    return int(rows["common_seeds"].map(num_seeds).max())


def _failures(rows: pd.DataFrame) -> str:
    details = []
    for row in rows.to_dict("records"):
        counts = " and ".join(f"{row[status]} {status}" for status in LOST if row.get(status))
        details.append(f"{row['name']} ({counts} of {row['n'] + row['failures'] + row['interrupted']})")
    return f"Never called best because of failed or diverged runs: {join_names(details)}." if details else ""


def _too_few_seeds(rows: pd.DataFrame) -> str:
    rows = rows[rows["has_few_seeds"]]
    details = [f"{row['name']} ({count_noun(row['n'], 'seed')})" for row in rows.to_dict("records")]
    return f"Not ranked, with fewer than {MIN_SEEDS} seeds: {join_names(details)}." if details else ""


def _untrainable(rows: pd.DataFrame) -> str:
    rows = rows[(rows["n"] == 0) & rows["lr"].isna() & (rows["failures"] == 0) & (rows["interrupted"] == 0)]
    return f"No learning rate in the grid trained {join_names(rows['name'])}." if len(rows) else ""
