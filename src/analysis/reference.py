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

    Args:
        rows: Runs or summaries of one workload, with the columns `setting`, `scheduler`, `label`, `lr` and `warmup`.
        reference: A schedule (`cosine`), or a setting as the tables name it (`cosine lr=0.1`).
    """
    settings = rows.drop_duplicates("setting")
    matches = [row["setting"] for row in settings.to_dict("records") if reference in _names(row)]
    return str(matches[0]) if len(matches) == 1 else None


def is_reference(rows: pd.DataFrame) -> pd.Series:
    """A mask of the rows of a comparison that are the reference of their workload."""
    matches = [row["reference"] in _names(row) for row in rows.to_dict("records")]
    return pd.Series(matches, index=rows.index, dtype=bool)


def check_reference(rows: pd.DataFrame, reference: str) -> None:
    """Rejects a reference that is unique in no workload.

    Raises:
        UsageError: names the settings to choose from.
    """
    settings = rows.drop_duplicates("setting")
    workloads = [part for _, part in settings.groupby(WORKLOAD, dropna=False)]
    if any(reference_setting(part, reference) for part in workloads):
        return
    is_named = any(reference in _names(row) for row in settings.to_dict("records"))
    problem = "several settings have that name" if is_named else "has no runs"
    names = ", ".join(dict.fromkeys(workload_names(settings)))
    raise UsageError(f"reference={reference}: {problem}; choose one of {names}")


def remedy(rows: pd.DataFrame) -> str:
    """How to name a reference for a table without one: `give reference=NAME; choose from: step, cosine lr=0.1`."""
    names = display_names(rows)[rows["n"] > 0]
    return f"give reference=NAME; choose from: {', '.join(names)}"


def _names(row: dict[Any, Any]) -> set[str]:
    """The schedule, the label, and the label with the rate, the warmup, or both."""
    label = str(row["label"])
    lr, warmup = (f" {key}={row[key]:g}" if not pd.isna(row[key]) else "" for key in ("lr", "warmup"))
    return {str(row["scheduler"]), label, label + lr, label + warmup, label + lr + warmup}
