"""What the choice of the learning rates means for the answer: edges, ties, and tuning seeds that disagree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from src.analysis.final_weights import tuned_by_last_weights
from src.analysis.reference import is_reference
from src.analysis.report.results import Results
from src.analysis.wording import join_names

TOO_FEW_TUNING_SEEDS = (
    "The verdicts do not include the noise of choosing the learning rates: that takes two tuning seeds or more, the "
    "same for all schedules."
)

TUNED_BY_LAST_WEIGHTS = (
    "The rate of {} was tuned for the last weights, but the averaged weights are compared: tuning runs of earlier "
    "versions did not measure them."
)


def rate_caveats(rows: pd.DataFrame, best: pd.Series) -> list[str]:
    """Sentences about the rates of the best schedule and of the reference.

    Args:
        rows: `with_choices` of the comparison of one workload, and the names.
        best: The row of the best schedule.
    """
    if "tunings" not in rows:
        return []
    if (rows["tunings"] == 0).all():
        return _untuned(rows)
    reference = rows[is_reference(rows) & (rows["name"] != best["name"])]
    stated = [best.to_dict(), *reference.to_dict("records")]
    lines = [line for row in stated for line in (_edge(row, "lower"), _edge(row, "upper"), _tie(row))]
    return [line for line in (*lines, _untrained(rows)) if line]


def tuning_alerts(results: Results) -> list[str]:
    """What a reader must know about the tuning of the whole report."""
    tuned_alone = results.choices.empty or (results.choices["replicate"] >= 0).any()
    decides = results.table["verdict"].notna() & (results.table["verdict"] != "inconclusive")
    is_unchecked = decides & results.table["tuning_agreement"].isna()
    alerts = [] if tuned_alone or not is_unchecked.any() else [TOO_FEW_TUNING_SEEDS]
    labels = tuned_by_last_weights(results.runs)
    return [*alerts, TUNED_BY_LAST_WEIGHTS.format(join_names(labels))] if labels else alerts


def _untuned(rows: pd.DataFrame) -> list[str]:
    """A warning that the rates were not tuned, if every schedule ran at one."""
    if len(rows) < 2 or rows["lr"].isna().any():
        return []
    if rows["lr"].nunique() == 1:
        return [
            f"All schedules ran at lr {rows['lr'].iloc[0]:g}, which was not tuned for any of them; at its own best "
            "rate another schedule may win."
        ]
    if rows["label"].duplicated().any():
        return []
    rates = join_names([f"{row['label']} {row['lr']:g}" for row in rows.to_dict("records")])
    return [f"The learning rates were given, not tuned ({rates}); at its own best rate another schedule may win."]


def _untrained(rows: pd.DataFrame) -> str:
    """A warning if the mean of a schedule leaves out replicates that no rate trained."""
    details = [
        f"{row['name']} ({row['untrained']} of {row['untrained'] + row['tunings']})"
        for row in rows[(rows["untrained"] > 0) & (rows["n"] > 0)].to_dict("records")
    ]
    if not details:
        return ""
    return (
        f"Under some tuning seeds no learning rate trained {join_names(details)}; the mean covers the other seeds only."
    )


def _edge(row: Mapping[str, Any], side: str) -> str:
    """A warning if the best rate may lie outside the grid."""
    count, total = row[f"at_{side}_edge"], row["tunings"]
    if not count:
        return ""
    rates = f"The rate of {row['name']}" if total == 1 else f"{count} of the {total} rates of {row['name']}"
    verb, other = "lies" if count == 1 else "lie", "smaller" if side == "lower" else "larger"
    return f"{rates} {verb} at the {side} edge of the grid, so a {other} one may be better."


def _tie(row: Mapping[str, Any]) -> str:
    """Which rates are as good as the chosen one, judged by the error."""
    if not row["tied_rates"]:
        return ""
    rates = join_names([f"{row['lr']:g}", *row["tied_rates"].split()])
    return f"{row['name']} has the same median validation error at the rates {rates}; the loss decided."
