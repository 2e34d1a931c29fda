"""Run records as a table: a row a run, and what makes two runs comparable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from src import records
from src.identity import digest
from src.records import RecordError, RunRecord
from src.resolvers import AUTO

# Runs that differ in one of these answer different questions: they are never averaged and never in one table.
WORKLOAD = ["dataset", "model", "optimizer", "epochs", "seconds", "batch_size"]
SETTING = [*WORKLOAD, "scheduler", "lr", "warmup"]

_NESTED = ("config", "time_to", "provenance", "schema_version")


@dataclass(frozen=True)
class Collection:
    """The runs below some folders. `problems` names every file that is no readable record."""

    runs: pd.DataFrame
    problems: list[str]


def collect(folders: Sequence[Path]) -> Collection:
    """Reads every record below `folders`; of two records of the same run the later one counts."""
    found: dict[str, dict[str, Any]] = {}
    problems = []
    for path in _record_files(folders):
        try:
            row = _row(records.read_record(path), path.parent)
        except RecordError as error:
            problems.append(str(error))
            continue
        earlier = found.get(row["config_hash"])
        if earlier is None or earlier["finished_at"] <= row["finished_at"]:
            found[row["config_hash"]] = row
    runs = pd.DataFrame(list(found.values()))
    if not runs.empty:
        runs["seconds"] = pd.to_numeric(runs["seconds"])  # a column of nothing but None would be one of objects
        runs["lr"] = _shared_lr(runs)
        runs["label"] = runs["setting"].map(_labels(runs))
        runs = runs.sort_values([*SETTING, "label", "seed"], ignore_index=True)
    return Collection(runs, problems)


def _shared_lr(runs: pd.DataFrame) -> pd.Series:
    """The peak lr; of runs that looked for theirs (optimizer.lr=auto) the median over the setting, which they share."""
    lrs = pd.to_numeric(runs["lr"])
    is_found = runs["settings"].map(lambda settings: settings["optimizer.lr"] == AUTO)
    return lrs.where(~is_found, lrs.groupby(runs["setting"]).transform("median"))


def _record_files(folders: Iterable[Path]) -> list[Path]:
    return sorted({path for folder in folders for path in folder.rglob(records.FILE)})


def _row(record: RunRecord, folder: Path) -> dict[str, Any]:
    row = {key: value for key, value in asdict(record).items() if key not in _NESTED}
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


def _labels(runs: pd.DataFrame) -> dict[str, str]:
    """For each setting the scheduler's name and, where others share it, lr and warmup, in what it differs from them."""
    labels: dict[str, str] = {}
    for _, rows in runs.drop_duplicates("setting").groupby(SETTING, dropna=False):
        settings: list[dict[str, Any]] = rows["settings"].tolist()
        keys = sorted({key for each in settings for key in each})
        differing = [key for key in keys if len({str(each.get(key)) for each in settings}) > 1]
        for name, setting, each in zip(rows["scheduler"], rows["setting"], settings, strict=True):
            parts = [_difference(key, each) for key in differing if key in each and not key.endswith("._target_")]
            labels[setting] = f"{name} ({', '.join(parts)})" if parts else name
    return labels


def _difference(key: str, settings: dict[str, Any]) -> str:
    """`gamma=0.5` for a parameter of the schedule, `averaging=ema` for a choice."""
    return f"{key.removeprefix('scheduler.').removesuffix('.name')}={settings[key]}"
