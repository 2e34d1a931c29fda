"""Run records as a table with one row per run."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from src import layout
from src.analysis.labels import setting_labels
from src.analysis.wording import count_noun
from src.analysis.workloads import SETTING, WORKLOAD
from src.config.identity import digest
from src.runs.record import TIME_UNITS, RecordError, RunRecord, read_record
from src.status import FINISHED

_NESTED = ("config", "time_to", "provenance", "schema_version")


@dataclass(frozen=True)
class Collection:
    """The runs below some folders. `problems` says which files were left out, and why."""

    runs: pd.DataFrame
    problems: list[str]


def collect(folders: Sequence[Path], only: Container[Path] | None = None) -> Collection:
    """Reads all records below `folders`.

    If a run has several records, a finished one wins over an unfinished one, and the latest among equals.

    Args:
        folders: Searched recursively.
        only: Run folders to read; records in any other folder are left out. None reads all.
    """
    rows: dict[str, dict[str, Any]] = {}
    problems, unplanned = [], []
    for path in _record_paths(folders):
        if only is not None and path.parent not in only:
            unplanned.append(path.parent)
            continue
        try:
            row = _row(read_record(path), path.parent)
        except RecordError as error:
            problems.append(str(error))
            continue
        earlier = rows.get(row["config_hash"])
        if earlier is None or _precedence(earlier) <= _precedence(row):
            rows[row["config_hash"]] = row
    if unplanned:
        count = count_noun(len(unplanned), "run")
        problems.append(f"{count} outside the plan of the sweep's protocol, for example {unplanned[0]}")
    runs = pd.DataFrame(list(rows.values()))
    return Collection(runs if runs.empty else _with_comparison_keys(runs), problems)


def _with_comparison_keys(runs: pd.DataFrame) -> pd.DataFrame:
    """Adds what decides which runs are compared: the shared lr, the timing device and the label."""
    runs = runs.assign(seconds=pd.to_numeric(runs["seconds"]))  # a column of None has dtype object
    runs["lr"] = pd.to_numeric(runs["lr"])
    runs["timed_on"] = _timed_on(runs)
    workloads = runs.drop_duplicates("setting").groupby(WORKLOAD, dropna=False)
    labels = {setting: label for _, rows in workloads for setting, label in setting_labels(rows).items()}
    runs["label"] = runs["setting"].map(labels)
    return runs.sort_values([*SETTING, "label", "seed"], ignore_index=True)


def _timed_on(runs: pd.DataFrame) -> pd.Series:
    """The device of runs with a time budget, whose progress depends on it; empty for other runs."""
    device_of_setting = runs.groupby("setting")["device"].transform("first")  # a run that failed early has none
    return runs["device"].fillna(device_of_setting).fillna("").where(runs["seconds"].notna(), "")


def _precedence(row: Mapping[str, Any]) -> tuple[bool, str]:
    return row["status"] in FINISHED, row["finished_at"]


def _record_paths(folders: Iterable[Path]) -> list[Path]:
    return sorted({path for folder in folders for path in folder.rglob(layout.RECORD)})


def _row(record: RunRecord, folder: Path) -> dict[str, Any]:
    row = {field.name: getattr(record, field.name) for field in fields(record) if field.name not in _NESTED}
    for threshold, reached in record.time_to.items():
        for unit in TIME_UNITS:
            row[f"{unit}_to_{threshold}"] = None if reached is None else reached[unit]
    settings = {key: value for key, value in record.config.items() if key not in ("seed", "read_test")}
    row["setting"] = digest(settings)
    row["settings"] = settings
    return {**row, **_provenance_columns(record.provenance), "folder": str(folder)}


def _provenance_columns(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """What the runs of a comparison should share, so that differences between them come from their settings."""
    names = ("device", "num_threads", "num_workers", "git_sha", "git_dirty")
    return {
        **{name: provenance.get(name) for name in names},
        "cpu": _cpu(provenance.get("cpu")),
        "torch": (provenance.get("packages") or {}).get("torch"),
    }


def _cpu(processor: Mapping[str, Any] | None) -> str | None:
    """`AMD EPYC (family 26, model 2, stepping 1), 2 cores, AVX512`; None if the record does not say."""
    if processor is None:
        return None
    return f"{processor['model']}, {count_noun(processor['num_cores'], 'core')}, {processor['instruction_set']}"
