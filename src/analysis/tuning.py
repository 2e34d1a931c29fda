"""Tuning: how a peak learning rate is chosen from tuning runs, and which runs that leaves for the comparison."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from src.analysis.workloads import WORKLOAD

GROUP = [*WORKLOAD, "scheduler", "warmup", "label"]
_LOSS = "median_val_loss"


def is_tuning(runs: pd.DataFrame) -> pd.Series:
    """A mask of the tuning runs. They never read the test set."""
    return ~runs["read_test"].astype(bool)


def sensitivity(tuning: pd.DataFrame) -> pd.DataFrame:
    """Median final validation loss and accuracy by schedule and peak lr; a failed or diverged run has infinite loss."""
    ended = tuning[tuning["status"] != "interrupted"].copy()
    is_completed = ended["status"] == "completed"
    ended["val_loss"] = pd.to_numeric(ended["val_loss"]).where(is_completed, np.inf).fillna(np.inf)
    ended["val_accuracy"] = pd.to_numeric(ended["val_accuracy"]).where(is_completed, 0.0).fillna(0.0)
    groups = ended.assign(completed=is_completed).groupby([*GROUP, "lr"], dropna=False, sort=True)
    table = groups.agg(
        n=("seed", "size"),
        median_val_loss=("val_loss", "median"),
        median_val_accuracy=("val_accuracy", "median"),
        completed=("completed", "sum"),
    )
    return table.reset_index()


def choose(table: pd.DataFrame) -> pd.DataFrame:
    """The peak lr with the smallest median validation loss for each schedule; the smaller lr in a tie.

    `edge` tells whether the choice lies at the lower end of the grid (-1), at the upper end (1) or inside (0). A
    schedule that no lr trains has an lr of NaN and an edge of -1, because a smaller lr may train it.

    Args:
        table: The result of `sensitivity`.
    """
    rows = []
    for _, group in table.groupby(GROUP, dropna=False, sort=False):
        grid = group.sort_values("lr")
        position = int(np.argmin(grid[_LOSS]))
        is_trained = math.isfinite(grid[_LOSS].iloc[position])
        edge = -1 if position == 0 or not is_trained else int(position == len(grid) - 1)
        row = grid.iloc[position][[*GROUP, "lr", _LOSS]].to_dict()
        rows.append({**row, "lr": row["lr"] if is_trained else math.nan, "edge": edge})
    return pd.DataFrame(rows, columns=[*GROUP, "lr", _LOSS, "edge"])


def tolerance(grid: pd.DataFrame, within: float = 0.005) -> tuple[float, bool]:
    """How many decades of lr around the best keep the median validation accuracy `within` of its maximum.

    Args:
        grid: The rows of one schedule in `sensitivity`.
        within: A fraction; 0.005 is half a percentage point.

    Returns:
        The decades, NaN if no lr trains the schedule; and whether they reach an end of the grid, which makes them a
        lower bound.
    """
    grid = grid.sort_values("lr")
    exponents = np.log10(grid["lr"].to_numpy())
    accuracies = grid["median_val_accuracy"].where(np.isfinite(grid[_LOSS]), -1.0).to_numpy()
    if accuracies.max() < 0:
        return math.nan, False
    first = last = int(np.argmax(accuracies))
    while first > 0 and accuracies[first - 1] >= accuracies.max() - within:
        first -= 1
    while last < len(accuracies) - 1 and accuracies[last + 1] >= accuracies.max() - within:
        last += 1
    return float(exponents[last] - exponents[first]), first == 0 or last == len(accuracies) - 1


def with_tolerance(table: pd.DataFrame) -> pd.DataFrame:
    """`sensitivity` with the tolerance of each schedule in all of its rows."""
    parts = []
    for _, grid in table.groupby(GROUP, dropna=False, sort=False):
        decades, is_lower_bound = tolerance(grid)
        parts.append(grid.assign(tolerance=decades, tolerance_at_least=is_lower_bound))
    return pd.concat(parts) if parts else table


def evaluation_runs(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs that count in a comparison.

    Tuning runs do not. Of a schedule that was tuned, only runs at the chosen lr count, under seeds that tuning did not
    use.
    """
    tuning = runs[is_tuning(runs)]
    candidates = runs[~is_tuning(runs)]
    if tuning.empty:
        return candidates
    chosen = choose(sensitivity(tuning))[[*GROUP, "lr"]].rename(columns={"lr": "chosen_lr"})
    tuning_seeds = tuning[[*GROUP, "seed"]].drop_duplicates()
    merged = candidates.merge(chosen, on=GROUP, how="left", indicator="tuned")
    merged = merged.merge(tuning_seeds, on=[*GROUP, "seed"], how="left", indicator="seen")
    is_chosen = (merged["tuned"] == "left_only") | (merged["lr"] == merged["chosen_lr"])
    return merged[is_chosen & (merged["seen"] == "left_only")].drop(columns=["chosen_lr", "tuned", "seen"])


def untrainable_schedules(runs: pd.DataFrame) -> pd.DataFrame:
    """Tuned schedules that no learning rate trained, and that therefore have no evaluation runs."""
    tuning = runs[is_tuning(runs)]
    if tuning.empty:
        return pd.DataFrame(columns=GROUP)
    choices = choose(sensitivity(tuning))
    return choices.loc[choices["lr"].isna(), GROUP]
