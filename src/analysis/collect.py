"""Run records as a table: a row a run, and what makes two runs comparable."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from src.analysis.labels import labels_of
from src.analysis.workloads import SETTING, WORKLOAD
from src.config.identity import digest
from src.config.resolvers import AUTO
from src.runs import record as records
from src.runs.record import RecordError, RunRecord
from src.status import FINISHED

_NESTED = ("config", "time_to", "provenance", "schema_version")


@dataclass(frozen=True)
class Collection:
    """The runs below some folders. `problems` names every file that is no readable record."""

    runs: pd.DataFrame
    problems: list[str]


def collect(folders: Sequence[Path], only: Container[Path] | None = None) -> Collection:
    """Reads every record below `folders`, or those that lie in one of `only`.

    Of two records of the same run a finished one counts, of those the later.
    """
    found: dict[str, dict[str, Any]] = {}
    problems, others = [], []
    for path in _record_files(folders):
        if only is not None and path.parent not in only:
            others.append(path.parent)
            continue
        try:
            row = _row(records.read_record(path), path.parent)
        except RecordError as error:
            problems.append(str(error))
            continue
        earlier = found.get(row["config_hash"])
        if earlier is None or _weight(earlier) <= _weight(row):
            found[row["config_hash"]] = row
    if others:
        problems.append(f"{others[0]} and {len(others) - 1} other runs, which the sweep's protocol did not plan")
    runs = pd.DataFrame(list(found.values()))
    if not runs.empty:
        runs["seconds"] = pd.to_numeric(runs["seconds"])  # a column of nothing but None would be one of objects
        runs["lr"] = _shared_lr(runs)
        runs["timed_on"] = _timed_on(runs)
        workloads = runs.drop_duplicates("setting").groupby(WORKLOAD, dropna=False)
        labels = {setting: label for _, rows in workloads for setting, label in labels_of(rows).items()}
        runs["label"] = runs["setting"].map(labels)
        runs = runs.sort_values([*SETTING, "label", "seed"], ignore_index=True)
    return Collection(runs, problems)


def _shared_lr(runs: pd.DataFrame) -> pd.Series:
    """The peak lr; of runs that looked for theirs (optimizer.lr=auto) the median over the setting, which they share."""
    lrs = pd.to_numeric(runs["lr"])
    is_found = runs["settings"].map(lambda settings: settings["optimizer.lr"] == AUTO)
    return lrs.where(~is_found, lrs.groupby(runs["setting"]).transform("median"))


def _timed_on(runs: pd.DataFrame) -> pd.Series:
    """The device of a run whose length is a time, which says how far it came; of any other nothing."""
    known = runs.groupby("setting")["device"].transform("first")  # one that failed early knows none
    return runs["device"].fillna(known).fillna("").where(runs["seconds"].notna(), "")


def _weight(row: Mapping[str, Any]) -> tuple[bool, str]:
    return row["status"] in FINISHED, row["finished_at"]


def _record_files(folders: Iterable[Path]) -> list[Path]:
    return sorted({path for folder in folders for path in folder.rglob(records.FILE)})


def _row(record: RunRecord, folder: Path) -> dict[str, Any]:
    row = {field.name: getattr(record, field.name) for field in fields(record) if field.name not in _NESTED}
    for threshold, reached in record.time_to.items():
        for unit in ("epoch", "step", "seconds"):
            row[f"{unit}_to_{threshold}"] = None if reached is None else reached[unit]
    settings = {key: value for key, value in record.config.items() if key not in ("seed", "read_test")}
    row["setting"] = digest(settings)
    row["settings"] = settings
    row["device"] = record.provenance.get("device")
    row["git_sha"] = record.provenance.get("git_sha")
    row["folder"] = str(folder)
    return row
