"""The choice of a peak learning rate from tuning runs, which never read the test set."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from src.analysis.workloads import WORKLOAD

GROUP = [*WORKLOAD, "scheduler", "warmup", "label"]
_LOSS = "median_val_loss"


def is_tuning(runs: pd.DataFrame) -> pd.Series:
    """Which runs did not read the test set because they were made to choose a learning rate."""
    return ~runs["read_test"].astype(bool)


def sensitivity(tuning: pd.DataFrame) -> pd.DataFrame:
    """Median final validation loss and accuracy by schedule and peak lr; what did not complete counts as infinite."""
    made = tuning[tuning["status"] != "interrupted"].copy()
    completed = made["status"] == "completed"
    made["val_loss"] = pd.to_numeric(made["val_loss"]).where(completed, np.inf).fillna(np.inf)
    made["val_accuracy"] = pd.to_numeric(made["val_accuracy"]).where(completed, 0.0).fillna(0.0)
    grouped = made.groupby([*GROUP, "lr"], dropna=False, sort=True)
    table = grouped.agg(
        n=("seed", "size"),
        median_val_loss=("val_loss", "median"),
        median_val_accuracy=("val_accuracy", "median"),
        completed=("status", lambda statuses: int((statuses == "completed").sum())),
    )
    return table.reset_index()


def choose(table: pd.DataFrame) -> pd.DataFrame:
    """For each schedule the peak lr with the smallest median validation loss, the smaller one of equals.

    `edge` says at which end of its grid the choice lies (-1 the lower, 1 the upper, 0 neither); a schedule that no lr
    could train has an lr of NaN, and an edge of -1, since smaller ones may do.
    """
    rows = []
    for _, grid in table.groupby(GROUP, dropna=False, sort=False):
        ordered = grid.sort_values("lr")
        position = int(np.argmin(ordered[_LOSS]))
        is_trained = math.isfinite(ordered[_LOSS].iloc[position])
        edge = -1 if position == 0 or not is_trained else int(position == len(ordered) - 1)
        row = ordered.iloc[position][[*GROUP, "lr", _LOSS]].to_dict()
        rows.append({**row, "lr": row["lr"] if is_trained else math.nan, "edge": edge})
    return pd.DataFrame(rows, columns=[*GROUP, "lr", _LOSS, "edge"])


def tolerance(grid: pd.DataFrame, within: float = 0.005) -> tuple[float, bool]:
    """Decades of lr around the best in which the median validation accuracy stays `within` of its best.

    Args:
        grid: The rows of one schedule in `sensitivity`.
        within: A fraction, 0.005 being half a percentage point.

    Returns:
        NaN where no lr trains it; whether the grid ends before the tolerance does, which is then at least that.
    """
    ordered = grid.sort_values("lr")
    exponents = np.log10(ordered["lr"].to_numpy())
    accuracies = ordered["median_val_accuracy"].where(np.isfinite(ordered[_LOSS]), -1.0).to_numpy()
    if accuracies.max() < 0:
        return math.nan, False
    first = last = int(np.argmax(accuracies))
    while first > 0 and accuracies[first - 1] >= accuracies.max() - within:
        first -= 1
    while last < len(accuracies) - 1 and accuracies[last + 1] >= accuracies.max() - within:
        last += 1
    return float(exponents[last] - exponents[first]), first == 0 or last == len(accuracies) - 1
