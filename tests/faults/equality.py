"""What a disturbed command must leave behind: the results of an undisturbed one, bit for bit, and nothing else."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from src import layout
from src.runs.record import read_record

OF_THE_MACHINE = ("provenance", "started_at", "finished_at")  # fields of a record
_DIGEST_BYTES = len("sha256:\n") + 64


def assert_same_results(folder: Path, expected: Path) -> None:
    """Compares every run and every table below two folders, all but times and what is said of the machine."""
    runs, expected_runs = run_folders(folder), run_folders(expected)
    assert runs == expected_runs
    for run in runs:
        assert_same_run(folder / run, expected / run)
    tables, expected_tables = read_tables(folder), read_tables(expected)
    assert tables.keys() == expected_tables.keys()
    for name, table in tables.items():
        pd.testing.assert_frame_equal(table, expected_tables[name], obj=name)
    assert leftovers(folder) == []


def assert_same_run(folder: Path, expected: Path) -> None:
    for read in (record_of, steps_of, history_of, scalars_of):
        assert read(folder) == read(expected), f"{read.__name__} {folder}"
    assert is_equal(state_of(folder), state_of(expected)), folder


def run_folders(folder: Path) -> list[Path]:
    return sorted(path.parent.relative_to(folder) for path in folder.rglob(layout.RECORD))


def leftovers(folder: Path) -> list[str]:
    """Files that should not outlive a completed command: temporary ones, older checkpoints, requests to stop."""
    names = (".*.tmp", layout.STOP, layout.PREVIOUS_CHECKPOINT)
    return sorted(str(path.relative_to(folder)) for name in names for path in folder.rglob(name))


def assert_whole(folder: Path) -> None:
    """Checks that every record and every checkpoint is whole; they may be replaced at the same time."""
    for path in folder.rglob(layout.RECORD):
        json.loads(path.read_text())
    for name in (layout.CHECKPOINT, layout.PREVIOUS_CHECKPOINT):
        for path in folder.rglob(name):
            content = _read(path)
            digest = f"sha256:{hashlib.sha256(content[:-_DIGEST_BYTES]).hexdigest()}\n".encode()
            assert not content or content[-_DIGEST_BYTES:] == digest, path


def _read(path: Path) -> bytes:
    """The content; empty if the file was renamed between its listing and now."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return b""
    assert content, path
    return content


def record_of(folder: Path) -> dict[str, Any]:
    record = vars(read_record(folder / layout.RECORD))
    return {name: without_times(value) for name, value in record.items() if is_result(name)}


def is_result(name: str) -> bool:
    return name not in OF_THE_MACHINE and "seconds" not in name.split("_")


def steps_of(folder: Path) -> bytes:
    return (folder / layout.STEPS).read_bytes()


def history_of(folder: Path) -> list[dict[str, Any]]:
    table = pd.read_csv(folder / layout.HISTORY, dtype=str)
    return table.drop(columns="train_seconds").to_dict("records")


def scalars_of(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Every scalar as TensorBoard shows it."""
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    events.Reload()
    return {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def state_of(folder: Path) -> Any:
    return without_times(torch.load(folder / layout.CHECKPOINT, weights_only=True))


def without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_times(item) for key, item in value.items() if "seconds" not in str(key)}
    return [without_times(item) for item in value] if isinstance(value, list) else value


def is_equal(value: Any, other: Any) -> bool:
    if isinstance(value, torch.Tensor):
        return isinstance(other, torch.Tensor) and torch.equal(value, other)
    if isinstance(value, dict):
        return value.keys() == other.keys() and all(is_equal(value[key], other[key]) for key in value)
    if isinstance(value, list):
        return len(value) == len(other) and all(map(is_equal, value, other))
    return bool(value == other)


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Every table of the sweeps below a folder, as strings, without columns of times and of the number of workers."""
    paths = folder.glob("outputs/sweeps/*/*.csv")
    tables = {path.name: pd.read_csv(path, dtype=str, keep_default_na=False) for path in paths}
    return {
        name: table.loc[:, ~table.columns.str.contains("seconds_|_seconds|_at$|num_workers")]
        for name, table in tables.items()
    }
