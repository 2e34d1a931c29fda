"""The run record, `result.json`, from which every table is made."""

from __future__ import annotations

import functools
import json
import math
import re
import sys
import typing
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from src import layout
from src.config.identity import digest
from src.config.instantiate import matches_type
from src.config.resolvers import updates_per_epoch
from src.errors import FolderTakenError, UsageError
from src.files import check_file, write_text
from src.runs.upgrade import UPGRADES, upgraded
from src.status import STATUSES

SCHEMA_VERSION = 4
OTHER_FOLDER = (
    "choose another folder (hydra.run.dir=DIR; for a sweep name=NAME or hydra.sweep.dir=DIR), or move that run away"
)
# What tables and pages read of `provenance`
_PROVENANCE: dict[str, Any] = {
    "python": str | None,
    "packages": dict[str, str] | None,
    "platform": str | None,
    "device": str | None,
    "cpu": dict[str, Any] | None,
    "num_workers": int | None,
    "lockstep": int | None,
    "num_threads": int | None,
    "git_sha": str | None,
    "git_dirty": bool | None,
}
_CPU: dict[str, Any] = {"model": str, "num_cores": int, "instruction_set": str}
_HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")  # an escaped half of a pair, which cannot be written if alone
TIME_UNITS = ("epoch", "step", "seconds")  # the keys of an entry of `time_to`


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """One run.

    Metrics are those of the final step, `averaged_` ones those of the averaged weights; null if there is none.
    `mean_val_accuracy` is the mean over epochs. `lr` is the peak; `lr_requested` is "auto" if a range test found it.
    `config` is the run's identity as dotted keys. `device_type` ("cpu", "cuda") and `precision` are those that the run
    used; null if it failed before it had a device. `time_to` maps a validation accuracy to the epoch, step and training
    seconds at which it was first reached, or to null. The first line of `error` is the message, the rest a traceback.
    """

    status: str
    dataset: str
    dataset_requested: str
    model: str
    optimizer: str
    scheduler: str
    lr: float | None
    lr_requested: str | None = None
    averaging: str
    warmup: float
    epochs: int
    seconds: float | None
    batch_size: int
    seed: int
    config_hash: str
    config: dict[str, Any]
    device_type: str | None = None
    precision: str | None = None
    num_parameters: int | None = None
    validation_examples: str | None = None
    test_accuracy: float | None = None
    test_loss: float | None = None
    val_accuracy: float | None = None
    val_loss: float | None = None
    train_loss: float | None = None
    averaged_test_accuracy: float | None = None
    averaged_test_loss: float | None = None
    averaged_val_accuracy: float | None = None
    averaged_val_loss: float | None = None
    read_test: bool = True
    mean_val_accuracy: float | None = None
    best_val_accuracy: float | None = None
    best_val_epoch: int | None = None
    steps: int = 0
    skipped_updates: int = 0
    train_seconds: float = 0.0
    wall_seconds: float = 0.0
    time_to: dict[str, dict[str, float] | None]
    error: str | None = None
    started_at: str
    finished_at: str
    provenance: dict[str, Any]
    schema_version: int = SCHEMA_VERSION

    @property
    def error_line(self) -> str:
        """The error message without its traceback."""
        return (self.error or "").partition("\n")[0]


class RecordError(UsageError):
    """A file is not a record that this program can read."""


def write_record(record: RunRecord, folder: Path) -> Path:
    """Writes the record into the run's folder; returns its path."""
    path = folder / layout.RECORD
    write_text(path, json.dumps(_finite(asdict(record)), indent=2, allow_nan=False) + "\n")
    return path


def read_record(path: Path) -> RunRecord:
    """Reads `result.json`, also that of an earlier schema version.

    Raises:
        RecordError: it is not a JSON object, has another schema version or other fields, or contradicts itself.
    """
    content = _read_object(path)
    version = content.get("schema_version")
    if version != SCHEMA_VERSION:
        readable = f"{min(UPGRADES)} to {SCHEMA_VERSION}"
        raise RecordError(f"{path} has schema version {version}; this program reads {readable}")
    if differing_fields := sorted(content.keys() ^ {field.name for field in fields(RunRecord)}):
        raise RecordError(f"{path} is not a record: missing or unknown {', '.join(differing_fields)}")
    for name, annotation in _field_types().items():
        if not matches_type(annotation, content[name]):
            raise RecordError(f"{path} is not a record: {name} is {content[name]!r:.60}; move it away to run it again")
    record = RunRecord(**content)
    if contradiction := next(_contradictions(record), None):
        raise RecordError(f"{path} cannot be right: {contradiction}; move it away to run it again")
    return record


def _read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file, upgraded to the current schema."""
    _check_file(path)
    try:
        text = path.read_text()
        content = json.loads(text, parse_constant=_reject_constant, parse_int=_parse_int)
        if _HALF_CHARACTER.search(text):
            json.dumps(content, ensure_ascii=False).encode()
    except (OSError, ValueError, RecursionError) as error:
        raise RecordError(f"{path} cannot be read: {error}; move it away to run it again") from error
    if not isinstance(content, dict):
        raise RecordError(f"{path} is not a record: it contains a {type(content).__name__}")
    try:
        return upgraded(content)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise RecordError(f"{path} is not a record of its schema version: {error}") from error


def _check_file(path: Path) -> None:
    try:
        check_file(path)
    except UsageError as error:
        raise RecordError(str(error)) from None


def _parse_int(text: str) -> int:
    number = int(text)
    if abs(number) > sys.maxsize:
        raise ValueError(f"{text:.20}... is too large")
    return number


def _reject_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


@functools.cache
def _field_types() -> dict[str, Any]:
    return typing.get_type_hints(RunRecord)


def find_record(folder: Path) -> RunRecord | None:
    """The folder's record; None if there is none."""
    path = folder / layout.RECORD
    return read_record(path) if path.exists() else None


def check_owner(folder: Path, owner: str, config_hash: str) -> None:
    """Checks that the run in a folder is the one with this config hash.

    Raises:
        FolderTakenError: the folder belongs to `owner`, another run.
    """
    if owner != config_hash:
        raise FolderTakenError(
            f"{folder} holds another run (config hash {owner}, this one has {config_hash}), which is not overwritten; "
            f"{OTHER_FOLDER}"
        )


def utc_now() -> str:
    """The time as records store it: ISO 8601 in UTC, to the second."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def _contradictions(record: RunRecord) -> Iterator[str]:
    """What cannot be true of a run, in words."""
    if record.status not in STATUSES:
        yield f"status {record.status!r}"
    for name, value in vars(record).items():
        if name.endswith("_accuracy") and not _is_fraction(value):
            yield f"{name} {value!r} is not a fraction from 0 to 1"
    for threshold, reached in record.time_to.items():
        if not _is_number(threshold) or not (reached is None or reached.keys() == set(TIME_UNITS)):
            yield f"time_to {threshold!r}: {reached!r:.60}"
    if record.config_hash != (actual := digest(record.config)):
        yield f"config_hash {record.config_hash} is not that of its config, {actual}"
    yield from _mismatches("provenance", _PROVENANCE, record.provenance)
    if (cpu := record.provenance.get("cpu")) is not None:
        yield from _mismatches("provenance.cpu", _CPU, cpu)
    total, done = _total_updates(record.config), record.steps + record.skipped_updates
    if record.status == "completed" and total is not None and done != total:
        yield f"completed after {done} of {total} updates"


def _mismatches(name: str, annotations: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[str]:
    """Which of the values have another type; a missing one is null."""
    for key, annotation in annotations.items():
        if not matches_type(annotation, value := values.get(key)):
            yield f"{name}.{key} is {value!r:.60}"


def _total_updates(config: Mapping[str, Any]) -> int | None:
    """Number of updates in the run, as `Config.total_steps`; None for a time budget, and if the config lacks a key."""
    keys = ("epochs", "data.num_train", "data.num_val", "batch_size", "trainer.accumulate_batches")
    if config.get("seconds") or not all(key in config for key in keys):
        return None
    epochs, num_train, num_val, batch_size, accumulate_batches = (int(config[key]) for key in keys)
    return epochs * updates_per_epoch(num_train - num_val, batch_size, accumulate_batches)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _is_fraction(value: float | None) -> bool:
    return value is None or 0 <= value <= 1


def _finite(value: Any) -> Any:
    """JSON has no NaN: a metric that is not finite becomes null, and the status says why."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
