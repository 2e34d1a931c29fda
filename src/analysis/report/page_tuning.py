"""The learning rates of the tuning runs on the page: one grid of validation losses per workload."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from src.analysis.tuning import GROUP, choose
from src.analysis.workloads import WORKLOAD, workload_title


@dataclass(frozen=True)
class Cell:
    """A validation loss; `mark` is "chosen", "edge" (chosen at an edge of the grid), "untrained" or empty."""

    text: str
    mark: str = ""


@dataclass(frozen=True)
class Grid:
    """Median validation losses of one workload. Each line has a schedule's name, its cells and a remark."""

    title: str
    lrs: list[str]
    lines: list[tuple[str, list[Cell], str]]


def learning_rate_grids(sensitivity: pd.DataFrame) -> list[Grid]:
    """One grid per workload; empty if nothing was tuned."""
    if sensitivity.empty:
        return []
    return [_grid(rows) for _, rows in sensitivity.groupby(WORKLOAD, dropna=False, sort=False)]


def _grid(rows: pd.DataFrame) -> Grid:
    lrs = sorted(rows["lr"].unique())
    has_warmups = rows["warmup"].nunique() > 1
    lines = []
    for _, schedule in rows.groupby(GROUP, dropna=False, sort=False):
        first, choice = schedule.iloc[0], choose(schedule).iloc[0]
        losses = dict(zip(schedule["lr"], schedule["median_val_loss"], strict=True))
        name = f"{first['label']} warmup={first['warmup']:g}" if has_warmups else str(first["label"])
        lines.append((name, [_cell(lr, losses.get(lr), choice) for lr in lrs], _remark(choice)))
    return Grid(workload_title(rows.iloc[0]), [f"{lr:g}" for lr in lrs], lines)


def _cell(lr: float, loss: float | None, choice: pd.Series) -> Cell:
    if loss is None:
        return Cell("")
    if math.isinf(loss):
        return Cell("no result", "untrained")
    if lr != choice["lr"]:
        return Cell(f"{loss:.4f}")
    return Cell(f"{loss:.4f}", "edge" if choice["edge"] else "chosen")


def _remark(choice: pd.Series) -> str:
    if pd.isna(choice["lr"]):
        return "no learning rate trains it"
    remarks = {
        -1: "at the lower edge: a smaller one may be better",
        0: "inside the grid",
        1: "at the upper edge: a larger one may be better",
    }
    return remarks[int(choice["edge"])]
