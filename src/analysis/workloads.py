"""Workloads: what runs must have in common to be compared."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from src.analysis.wording import count_noun

_TASK = ["dataset", "model", "optimizer", "epochs", "seconds", "batch_size"]  # as the config says
_CONDITIONS = ["device_type", "precision", "validation_examples", "timed_on"]  # as the run found them
# Runs that differ in one of these answer different questions: they never share an average or a table.
WORKLOAD = [*_TASK, *_CONDITIONS, "setup"]
SETTING = [*WORKLOAD, "scheduler", "lr", "warmup"]
RUN = ["config_hash", *_CONDITIONS]  # records that agree in these are of the same run


def with_workload(runs: pd.DataFrame) -> pd.DataFrame:
    """Adds the columns of WORKLOAD that records do not have, and fills the gaps of runs that failed early.

    `timed_on` is what the progress of a run with a time budget depends on: its device, threads and workers. `setup` is
    what tells workloads of `runs` apart that are otherwise equal, for their titles: `cuda · bf16`; usually empty.
    """
    runs = runs.assign(timed_on=_timed_on(runs))
    runs = runs.assign(**{name: _filled(runs, name) for name in _CONDITIONS})
    return runs.assign(setup=_setups(runs))


def select_workload(rows: pd.DataFrame, like: pd.DataFrame) -> pd.DataFrame:
    """The rows that belong to a workload of `like`."""
    return rows.merge(like[WORKLOAD].drop_duplicates(), on=WORKLOAD) if len(rows) else rows


def workload_title(row: pd.Series) -> str:
    """The heading of a workload's table: `mnist · lenet · sgd · 5 epochs · batch 128`, and its setup if it has one."""
    return " · ".join(filter(None, _title_parts(row)))


def workload_differences(runs: pd.DataFrame) -> pd.Series:
    """The parts of the title of each run's workload in which workloads differ: `1 epoch`; empty for a single one."""
    numbers = runs.groupby(WORKLOAD, dropna=False).ngroup()
    parts = pd.DataFrame({number: _title_parts(rows.iloc[0]) for number, rows in runs.groupby(numbers)}).T
    varied = parts.loc[:, parts.nunique() > 1]
    texts = [" · ".join(filter(None, row)) for row in varied.to_numpy()]
    return numbers.map(pd.Series(texts, varied.index, dtype=object))


def _title_parts(row: pd.Series) -> list[str]:
    length = count_noun(row["epochs"], "epoch") if pd.isna(row["seconds"]) else f"{row['seconds']:g} s"
    parts = [row["dataset"], row["model"], row["optimizer"], length, f"batch {row['batch_size']}", row["setup"]]
    return [str(part) for part in parts]


def computing_device(runs: pd.DataFrame) -> pd.Series:
    """The GPU, or the processor as exactly as it is known; missing for runs that failed before they had a device."""
    is_exact = (runs["device_type"] == "cpu") & runs["cpu"].notna()
    return runs["device"].mask(is_exact, runs["cpu"])


def _timed_on(runs: pd.DataFrame) -> pd.Series:
    """`NVIDIA H100, 1 thread, 2 workers` for runs with a time budget; empty for other runs."""
    text = computing_device(runs)
    for column, noun in (("num_threads", "thread"), ("num_workers", "worker")):
        counts = runs[column].map(
            lambda count, noun=noun: "" if pd.isna(count) else f", {count_noun(int(count), noun)}"
        )
        text = text + counts
    return text.where(runs["seconds"].notna(), "")


def _filled(runs: pd.DataFrame, name: str) -> pd.Series:
    """The column, with the value of another record of the run, of its setting or of its task where it is missing."""
    values = runs[name]
    for keys in (["config_hash"], ["setting"], _TASK):
        if values.notna().all():
            break
        known = runs.assign(value=values).groupby(keys, dropna=False)["value"].transform("first")
        values = values.where(values.notna(), known)
    return values


def _setups(runs: pd.DataFrame) -> pd.Series:
    """What to add to the title of each run's workload: the conditions that are not the same in all runs."""
    splits = "validation set " + runs["validation_examples"].astype("str")
    parts = [
        _where_several(runs["device_type"]),
        _where_several(runs["precision"]),
        _where_several(splits, runs["dataset"]),
        _where_several(runs["timed_on"], runs["seconds"].notna()),
    ]
    rows = zip(*parts, strict=True)
    return pd.Series([" · ".join(part for part in row if part) for row in rows], runs.index, dtype=object)


def _where_several(values: pd.Series, groups: pd.Series | None = None) -> pd.Series:
    """The values where there are several within a group, empty elsewhere."""
    groups = pd.Series(True, values.index) if groups is None else groups
    is_varied = values.groupby(groups).transform("nunique") > 1
    return values.where(is_varied & values.notna(), "")


def keys(rows: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """One string per row, equal where all values in `columns` are equal; missing values are equal to each other."""
    values = rows[list(columns)].astype(object)
    return values.where(values.notna(), "").astype(str).agg("\x1f".join, axis=1) if len(rows) else pd.Series(dtype=str)
