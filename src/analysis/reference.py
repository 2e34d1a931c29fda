"""The reference: the setting that the others are compared with, named by its schedule or as in the tables."""

from __future__ import annotations

from typing import Any

import pandas as pd

from src.analysis.labels import display_names, workload_names
from src.analysis.workloads import WORKLOAD
from src.errors import UsageError

DEFAULT = "constant"


def reference_setting(rows: pd.DataFrame, reference: str) -> str | None:
    """The only setting of a workload with the name of the reference; None if there is none, or several.

    A setting that the tables name so comes before those of the schedule: `constant` is not `constant (averaging=ema)`.

    Args:
        rows: Runs or summaries of one workload, with the columns `setting`, `scheduler`, `label`, `lr` and `warmup`.
        reference: A schedule (`cosine`), or a setting as the tables name it (`cosine lr=0.1`).
    """
    settings = rows.drop_duplicates("setting")
    matches = settings.loc[_matches(settings, reference), "setting"]
    return str(matches.iloc[0]) if len(matches) == 1 else None


def reference_name(rows: pd.DataFrame, reference: str) -> str:
    """The reference of a workload as the tables name it: the label, if only the schedule was given."""
    row = rows[rows["setting"] == reference_setting(rows, reference)].iloc[0].to_dict()
    return reference if reference in _names(row) else str(row["label"])


def is_reference(rows: pd.DataFrame) -> pd.Series:
    """A mask of the rows of a comparison that are the reference of their workload."""
    matches = [row["reference"] in _names(row) for row in rows.to_dict("records")]
    return pd.Series(matches, index=rows.index, dtype=bool)


def _matches(rows: pd.DataFrame, reference: str) -> pd.Series:
    """A mask of the rows of a workload with that name or, if there are none, of that schedule."""
    is_named = is_reference(rows.assign(reference=reference))
    return is_named if is_named.any() else rows["scheduler"] == reference


def check_reference(rows: pd.DataFrame, reference: str) -> None:
    """Rejects a reference that is unique in no workload.

    Raises:
        UsageError: names the settings to choose from.
    """
    settings = rows.drop_duplicates("setting")
    workloads = [part for _, part in settings.groupby(WORKLOAD, dropna=False)]
    if any(reference_setting(part, reference) for part in workloads):
        return
    is_named = _matches(settings, reference).any()
    problem = "several settings have that name" if is_named else "has no runs"
    names = ", ".join(dict.fromkeys(workload_names(settings)))
    raise UsageError(f"reference={reference}: {problem}; choose one of {names}")


def remedy(rows: pd.DataFrame) -> str:
    """How to name a reference for a table without one: `give reference=NAME; choose from: step, cosine lr=0.1`."""
    names = display_names(rows)[rows["n"] > 0]
    return f"give reference=NAME; choose from: {', '.join(names)}"


def _names(row: dict[Any, Any]) -> set[str]:
    """The label, and the label with the rate, the warmup, or both."""
    label = str(row["label"])
    lr, warmup = (f" {key}={row[key]:g}" if not pd.isna(row[key]) else "" for key in ("lr", "warmup"))
    return {label, label + lr, label + warmup, label + lr + warmup}
