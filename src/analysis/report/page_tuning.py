"""What the learning rates do, on the page: one grid of validation errors per workload."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from src.analysis.tuning import GROUP, choose
from src.analysis.wording import format_loss, join_names
from src.analysis.workloads import WORKLOAD, workload_title


@dataclass(frozen=True)
class Cell:
    """A validation error and loss; `mark` is "chosen", "edge" (chosen at an edge of the grid), "untrained" or empty."""

    text: str
    mark: str = ""


@dataclass(frozen=True)
class Grid:
    """Median validation errors of one workload. Each line has a schedule's name, its cells and a remark.

    `is_tuned` tells whether the comparison uses the rate with the smallest error.
    """

    title: str
    is_tuned: bool
    lrs: list[str]
    lines: list[tuple[str, list[Cell], str]]


def learning_rate_grids(sensitivity: pd.DataFrame, choices: pd.DataFrame) -> list[Grid]:
    """One grid per workload; empty if no schedule has several rates.

    Args:
        sensitivity: Results by rate, over all seeds.
        choices: `choose` of the tuning runs: one row per schedule or, if every replicate was tuned by itself, several.
            Empty if nothing was tuned.
    """
    if sensitivity.empty:
        return []
    is_tuned = len(choices) > 0
    choices = choices if is_tuned else choose(sensitivity)
    return [_grid(rows, choices, is_tuned) for _, rows in sensitivity.groupby(WORKLOAD, dropna=False, sort=False)]


def _grid(rows: pd.DataFrame, choices: pd.DataFrame, is_tuned: bool) -> Grid:
    lrs = sorted(rows["lr"].unique())
    has_warmups = rows["warmup"].nunique() > 1
    lines = []
    for _, schedule in rows.groupby(GROUP, dropna=False, sort=False):
        first, chosen = schedule.iloc[0], choices.merge(schedule[GROUP].drop_duplicates(), on=GROUP)
        medians = {row["lr"]: row for row in schedule.to_dict("records")}
        name = f"{first['label']} warmup={first['warmup']:g}" if has_warmups else str(first["label"])
        lines.append((name, [_cell(medians.get(lr), chosen, is_tuned) for lr in lrs], _remark(chosen)))
    return Grid(workload_title(rows.iloc[0]), is_tuned, [f"{lr:g}" for lr in lrs], lines)


def _cell(medians: Mapping[Hashable, Any] | None, chosen: pd.DataFrame, is_tuned: bool) -> Cell:
    if medians is None:
        return Cell("")
    choices = chosen[chosen["lr"] == medians["lr"]]
    is_trained = math.isfinite(medians["median_val_loss"])
    text = (
        f"{100 * medians['median_val_error']:.2f} ({format_loss(medians['median_val_loss'])})"
        if is_trained
        else "no result"
    )
    if choices.empty:
        return Cell(text, "" if is_trained else "untrained")
    if not is_tuned:
        return Cell(f"lowest {text}", "edge" if choices["edge"].any() else "chosen")
    label = "chosen" if len(chosen) == 1 else f"chosen by {len(choices)} of {len(chosen)}:"
    return Cell(f"{label} {text}", "edge" if choices["edge"].any() else "chosen")


def _remark(chosen: pd.DataFrame) -> str:
    """Where in the grid the choices of one schedule lie, and what else could have been chosen."""
    remarks = [
        (chosen["lr"].isna(), "no learning rate trains it"),
        (chosen["lr"].notna() & (chosen["edge"] == -1), "at the lower edge: a smaller one may be better"),
        (chosen["edge"] == 1, "at the upper edge: a larger one may be better"),
    ]
    parts = [text + _share(mask) for mask, text in remarks if mask.any()] or ["inside the grid"]
    if len(chosen) == 1 and chosen["tied"].iloc[0]:
        parts.append(f"tied in error with {join_names(f'{lr:g}' for lr in chosen['tied'].iloc[0])}")
    return "; ".join(parts)


def _share(mask: pd.Series) -> str:
    """` (2 of 20)` if the choices of several replicates differ."""
    return f" ({mask.sum()} of {len(mask)})" if len(mask) > 1 else ""
