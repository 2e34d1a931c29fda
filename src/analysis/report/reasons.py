"""Sentences about verdicts that are inconclusive for a particular reason, such as an outlying run."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from src.analysis.labels import display_names
from src.analysis.reference import is_reference
from src.analysis.wording import join_names


def is_reason(value: object) -> bool:
    """Whether a value of the column `reason` says anything."""
    return isinstance(value, str) and value != ""


def reference_reason_line(rows: pd.DataFrame, best: pd.Series) -> str:
    """Why not every comparison was decided, if the reference is the best schedule and the cause; otherwise empty."""
    reasons = [reason for reason in rows["reason"] if is_reason(reason) and reason.startswith("the reference ")]
    is_cause = bool(reasons) and bool(is_reference(best.to_frame().T).iloc[0])
    return f"Not every comparison was decided: {reasons[0]}." if is_cause else ""


def reasons_note(rows: pd.DataFrame) -> str:
    """Names the inconclusive schedules of one workload that have a reason; empty if none has."""
    names: dict[str, list[str]] = {}
    for row in rows.assign(name=display_names(rows)).to_dict("records"):
        if is_reason(row["reason"]):
            names.setdefault(row["reason"], []).append(row["name"])
    texts = [f"{join_names(schedules)} – {reason}" for reason, schedules in names.items()]
    return f"Inconclusive for a reason: {'; '.join(texts)}." if texts else ""


def reasons_notes(workloads: Sequence[tuple[str, pd.DataFrame]]) -> list[str]:
    """`reasons_note` of every workload that has one, with its title if there are several workloads."""
    notes = {title: reasons_note(rows) for title, rows in workloads}
    return [note if len(workloads) == 1 else f"{title}: {note}" for title, note in notes.items() if note]
