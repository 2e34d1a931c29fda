"""Run records as a table with one row per run."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from src import layout
from src.analysis.across import across_optimizers
from src.analysis.labels import setting_labels
from src.analysis.wording import count_noun
from src.analysis.workloads import RUN, SETTING, WORKLOAD, with_workload
from src.config.identity import digest
from src.runs.record import TIME_UNITS, RecordError, RunRecord, read_record
from src.status import FINISHED

_NESTED = ("config", "time_to", "provenance", "schema_version")


@dataclass(frozen=True)
class Collection:
    """The runs below some folders. `problems` says which files were left out, and why."""

    runs: pd.DataFrame
    problems: list[str]


def collect(
    folders: Sequence[Path], only: Container[Path] | None = None, *, across_optimizer: bool = False
) -> Collection:
    """Reads all records below `folders`.

    If a run has several records, a finished one wins over an unfinished one, and the latest among equals. Those that
    it replaces are named in `problems`.

    Args:
        folders: Searched recursively.
        only: Run folders to read; records in any other folder are left out. None reads all.
        across_optimizer: Make one workload of those that differ in the optimizer alone, see `across_optimizers`.
    """
    rows: list[dict[str, Any]] = []
    settings: dict[str, dict[str, Any]] = {}
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
        row["settings"] = settings.setdefault(row["setting"], row["settings"])  # one for all seeds saves memory
        rows.append(row)
    if unplanned:
        count = count_noun(len(unplanned), "run")
        problems.append(f"{count} outside the plan of the sweep's protocol, for example {unplanned[0]}")
    runs = pd.DataFrame(rows)
    if runs.empty:
        return Collection(runs, problems)
    runs, replaced = _one_record_per_run(_with_workload(runs))
    if across_optimizer:
        runs = across_optimizers(runs)
    return Collection(_with_labels(runs), problems + replaced)


def _with_workload(runs: pd.DataFrame) -> pd.DataFrame:
    numbers = {name: pd.to_numeric(runs[name]) for name in ("seconds", "lr")}  # a column of None has dtype object
    return with_workload(runs.assign(**numbers))


def _one_record_per_run(runs: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The record of each run that counts, and a line about those that do not."""
    ordered = runs.assign(is_finished=runs["status"].isin(FINISHED)).sort_values(
        ["is_finished", "finished_at"], kind="stable"
    )
    is_replaced = ordered.duplicated(RUN, keep="last")
    kept, replaced = ordered[~is_replaced].drop(columns="is_finished"), ordered[is_replaced]
    if replaced.empty:
        return kept, []
    example = replaced[RUN].iloc[[0]].merge(kept, on=RUN)["folder"].iloc[0]
    return kept, [_replaced_line(len(replaced), replaced["folder"].iloc[0], example)]


def _replaced_line(count: int, replaced: str, by: str) -> str:
    if count == 1:
        return f"{replaced}: another record of the same run replaces it, that in {by}"
    return f"{count} records are replaced by others of the same runs, for example {replaced} by {by}"


def _with_labels(runs: pd.DataFrame) -> pd.DataFrame:
    workloads = [rows for _, rows in runs.groupby(WORKLOAD, dropna=False)]
    labels = pd.concat([rows["setting"].map(setting_labels(rows)) for rows in workloads])
    return runs.assign(label=labels).sort_values([*SETTING, "label", "seed"], ignore_index=True)


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
    """What the runs of a comparison should share, so that differences between them come from their settings.

    `provenance` is everything that the record says about it.
    """
    names = ("device", "num_threads", "num_workers", "git_sha", "git_dirty")
    return {
        **{name: provenance.get(name) for name in names},
        "cpu": _cpu(provenance.get("cpu")),
        "torch": (provenance.get("packages") or {}).get("torch"),
        "provenance": provenance,
    }


def _cpu(processor: Mapping[str, Any] | None) -> str | None:
    """`AMD EPYC (family 26, model 2, stepping 1), 2 cores, AVX512`; None if the record does not say."""
    if processor is None:
        return None
    return f"{processor['model']}, {count_noun(processor['num_cores'], 'core')}, {processor['instruction_set']}"
