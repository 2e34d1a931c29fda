"""How fast each setting reaches a target: a validation accuracy that the reference schedule sets."""

from __future__ import annotations

from typing import Any

import pandas as pd

from src.analysis import stats
from src.analysis.reference import reference_setting
from src.runs.record import TIME_UNITS

_PREFIX = "epoch_to_"


def time_target(runs: pd.DataFrame, reference: str) -> str | None:
    """The highest recorded validation accuracy that more than half of the reference's runs reached.

    The other settings have no influence on it, so that adding or removing one leaves the times of the others as they
    are. None if there is no unique reference, or if it reached no recorded accuracy often enough.

    Args:
        runs: All runs of one workload.
        reference: The name of the reference; see `reference_setting`.
    """
    runs = runs[runs["status"] != "interrupted"]
    setting = reference_setting(runs, reference)
    if setting is None:
        return None
    runs = runs[runs["setting"] == setting]
    targets = [str(name).removeprefix(_PREFIX) for name in runs if str(name).startswith(_PREFIX)]
    reached = [target for target in targets if _times(runs, target, "epoch").notna().mean() > 0.5]
    return max(reached, key=float, default=None)


def time_to_target(runs: pd.DataFrame, target: str | None) -> dict[str, Any]:
    """Median time to the target over all runs of a setting that ended; one that did not complete never reached it."""
    runs = runs[runs["status"] != "interrupted"]
    columns: dict[str, Any] = {"target": None if target is None else float(target), "reached": 0, "tried": len(runs)}
    for unit in TIME_UNITS:
        times = [] if target is None else [None if pd.isna(time) else time for time in _times(runs, target, unit)]
        columns[f"{unit}_to_target"] = stats.censored_median(times)
        columns["reached"] = sum(time is not None for time in times)
    return columns


def _times(runs: pd.DataFrame, target: str, unit: str) -> pd.Series:
    return runs[f"{unit}_to_{target}"].where(runs["status"] == "completed")
