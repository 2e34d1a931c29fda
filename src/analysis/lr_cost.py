"""What a wrong peak learning rate costs: the validation error half a decade below and above the best rate."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from src.analysis.tuning import GROUP, choose
from src.analysis.workloads import WORKLOAD

_HALF_DECADE = 0.5
_ROUNDING = 0.1  # decades; 0.016 counts as half a decade below 0.05


def cost_of_wrong_lr(sensitivity: pd.DataFrame) -> pd.DataFrame:
    """How much larger the median validation error of each schedule is if its peak lr is half a decade off.

    `cost_too_low` and `cost_too_high` are differences from the error at the best rate, as fractions: infinite where
    half or more of the runs of the wrong rate did not train, NaN where it was not tried. Within a workload, the
    schedule whose larger cost is the smallest comes first; those of which a cost is unknown come last. Empty if no
    schedule was tried half a decade from its best rate.

    Args:
        sensitivity: `sensitivity` over all seeds; may be empty.
    """
    if sensitivity.empty:
        return pd.DataFrame()
    best = choose(sensitivity)[[*GROUP, "lr", "median_val_error"]].dropna(subset="lr")
    grids = sensitivity.merge(best, on=GROUP, suffixes=("", "_best"))
    for name, sign in (("cost_too_low", -1), ("cost_too_high", 1)):
        best = best.merge(_costs(grids, sign * _HALF_DECADE).rename(name), on=GROUP, how="left")
    costs = best[["cost_too_low", "cost_too_high"]]
    if costs.isna().all(axis=None):
        return pd.DataFrame()
    best = best.assign(is_unknown=costs.isna().any(axis=1), larger=costs.max(axis=1))
    order = [*WORKLOAD, "is_unknown", "larger", "label", "warmup"]
    return best.sort_values(order, na_position="last", ignore_index=True).drop(columns=["is_unknown", "larger"])


def _costs(grids: pd.DataFrame, decades: float) -> pd.Series:
    """The cost of the rate this far from the best one, by schedule, where it was tried."""
    distances = np.log10(grids["lr"]) - np.log10(grids["lr_best"]) - decades
    tried = grids[distances.abs() < _ROUNDING].assign(distance=distances.abs()).sort_values("distance")
    costs = (tried["median_val_error"] - tried["median_val_error_best"]).where(
        np.isfinite(tried["median_val_loss"]), math.inf
    )
    return tried.assign(cost=costs).drop_duplicates(GROUP).set_index(GROUP)["cost"]
