"""Workloads: what runs must share to be compared."""

from __future__ import annotations

import pandas as pd

from src.analysis.wording import counted

# Runs that differ in one of these answer different questions: they are never averaged and never in one table.
WORKLOAD = ["dataset", "model", "optimizer", "epochs", "seconds", "timed_on", "batch_size"]
SETTING = [*WORKLOAD, "scheduler", "lr", "warmup"]


def select_workload(rows: pd.DataFrame, like: pd.DataFrame) -> pd.DataFrame:
    """Those of `rows` that are of the workload, or the workloads, of `like`."""
    return rows.merge(like[WORKLOAD].drop_duplicates(), on=WORKLOAD) if len(rows) else rows


def workload_title(row: pd.Series) -> str:
    """What the rows of one table have in common."""
    length = counted(row["epochs"], "epoch") if pd.isna(row["seconds"]) else f"{row['seconds']:g} s"
    return f"{row['dataset']} · {row['model']} · {row['optimizer']} · {length} · batch {row['batch_size']}"
