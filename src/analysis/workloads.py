"""Workloads: what runs must have in common to be compared."""

from __future__ import annotations

import pandas as pd

from src.analysis.wording import count_noun

# Runs that differ in one of these answer different questions: they never share an average or a table.
WORKLOAD = ["dataset", "model", "optimizer", "epochs", "seconds", "timed_on", "batch_size"]
SETTING = [*WORKLOAD, "scheduler", "lr", "warmup"]


def select_workload(rows: pd.DataFrame, like: pd.DataFrame) -> pd.DataFrame:
    """The rows that belong to a workload of `like`."""
    return rows.merge(like[WORKLOAD].drop_duplicates(), on=WORKLOAD) if len(rows) else rows


def workload_title(row: pd.Series) -> str:
    """The heading of a workload's table: `mnist · lenet · sgd · 5 epochs · batch 128`."""
    length = count_noun(row["epochs"], "epoch") if pd.isna(row["seconds"]) else f"{row['seconds']:g} s"
    return f"{row['dataset']} · {row['model']} · {row['optimizer']} · {length} · batch {row['batch_size']}"
