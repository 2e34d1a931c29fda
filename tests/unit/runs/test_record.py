"""Run records: complete, strict JSON, and refused if invalid."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from src.config.identity import digest
from src.config.instantiate import matches_type
from src.runs.record import RecordError, RunRecord, find_record, read_record, write_record
from src.runs.run import run
from tests.conftest import small_config
from tests.unit.analysis.conftest import config_of, record_of

FIELDS = {
    "status", "dataset", "model", "optimizer", "scheduler", "lr", "warmup", "epochs", "batch_size", "seed",
    "config_hash", "test_accuracy", "test_loss", "val_accuracy", "val_loss", "train_loss", "best_val_accuracy",
    "steps", "skipped_updates", "train_seconds", "wall_seconds", "time_to", "error", "provenance", "schema_version",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    run(small_config("epochs=3"), folder)
    return folder


def test_record_has_every_documented_field(folder: Path) -> None:
    content = json.loads((folder / "result.json").read_text())
    assert content.keys() >= FIELDS
    assert (content["status"], content["dataset"], content["steps"], content["seed"]) == ("completed", "digits", 60, 0)
    assert content["device_type"] == "cpu"
    assert {"git_sha", "git_dirty", "python", "packages", "device", "num_threads"} <= content["provenance"].keys()
    assert content["provenance"]["num_workers"] == 1
    assert content["provenance"]["cpu"].keys() == {"model", "num_cores", "instruction_set"}


def test_record_reads_back_as_written(folder: Path, tmp_path: Path) -> None:
    record = read_record(folder / "result.json")
    assert read_record(write_record(record, tmp_path)) == record
    assert find_record(tmp_path / "empty") is None


def test_record_agrees_with_history(folder: Path) -> None:
    record = read_record(folder / "result.json")
    lines = (folder / "history.csv").read_text().splitlines()
    last = dict(zip(lines[0].split(","), lines[-1].split(","), strict=True))
    assert record.val_accuracy == float(last["val_accuracy"])
    assert record.train_loss == float(last["train_loss"])
    accuracies = [float(line.split(",")[6]) for line in lines[1:]]
    assert record.best_val_accuracy == max(accuracies)
    assert record.best_val_epoch == accuracies.index(max(accuracies)) + 1


def test_non_finite_values_are_null(folder: Path, tmp_path: Path) -> None:
    record = replace(read_record(folder / "result.json"), status="diverged", val_loss=float("nan"))
    assert read_record(write_record(record, tmp_path)).val_loss is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema_version": 99}, "schema version 99"),
        ({"status": "won"}, "status 'won'"),
        ({"bonus": 1}, "missing or unknown bonus"),
        ({"test_accuracy": 1.5}, "test_accuracy 1.5 is not a fraction from 0 to 1"),
        ({"val_accuracy": "high"}, "val_accuracy is 'high'"),
        ({"steps": 40}, "completed after 40 of 60 updates; move it away to run it again"),
        ({"steps": 40, "skipped_updates": 21}, "completed after 61 of 60 updates"),
        ({"config_hash": "0123"}, "config_hash 0123 is not that of its config, "),
        ({"config": {"epochs": 3}}, "is not that of its config"),
        (None, "it contains a list"),
    ],
)
def test_invalid_record_is_refused(folder: Path, tmp_path: Path, change: object, message: str) -> None:
    content = json.loads((folder / "result.json").read_text())
    path = tmp_path / "result.json"
    path.write_text(json.dumps([] if change is None else content | change))  # type: ignore[operator]
    with pytest.raises(RecordError) as error:
        read_record(path)
    assert message in str(error.value)
    path.write_text("{")
    with pytest.raises(RecordError, match="cannot be read"):
        read_record(path)


def version_3(folder: Path) -> dict[str, Any]:
    """The folder's record as schema version 3 wrote it: without the device type, processor and number of workers."""
    content: dict[str, Any] = json.loads((folder / "result.json").read_text())
    del content["device_type"], content["provenance"]["cpu"], content["provenance"]["num_workers"]
    return content | {"schema_version": 3}


def version_2(folder: Path, **changes: object) -> dict[str, Any]:
    """The folder's record as schema version 2 wrote it: with the modules of our code, and without `lr_requested`."""
    content = version_3(folder)
    del content["lr_requested"]
    content["config"] |= {"model._target_": "src.somewhere.else.softmax", **changes}
    return content | {"schema_version": 2, "config_hash": "of the old config"}


@pytest.mark.parametrize(
    "change",
    [{"steps": 59, "skipped_updates": 1}, {"steps": 40, "status": "interrupted"}, {"steps": 0, "status": "failed"}],
)
def test_updates_may_be_skipped_or_missing_in_an_unfinished_run(
    folder: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    record = replace(read_record(folder / "result.json"), **change)
    assert read_record(write_record(record, tmp_path)) == record


def test_time_budget_has_no_number_of_updates(tmp_path: Path) -> None:
    for steps in (1, 1000):
        record = replace(record_of(config_of("seconds=5", "interval=second")), steps=steps)
        assert read_record(write_record(record, tmp_path)).steps == steps


@pytest.mark.parametrize("number", ["inf", "-inf", "nan"])
def test_identity_with_a_number_that_json_lacks_can_be_computed_again(tmp_path: Path, number: str) -> None:
    config = config_of()
    config.optimizer = {**config.optimizer, "bound": float(number)}
    record = record_of(config)
    assert record.config["optimizer.bound"] == number
    path = write_record(record, tmp_path)
    assert read_record(path) == record
    content = json.loads(path.read_text())  # as version 3 wrote it
    content["config_hash"] = digest({**content["config"], "optimizer.bound": float(number)})
    content["config"]["optimizer.bound"] = None
    del content["device_type"]
    path.write_text(json.dumps(content | {"schema_version": 3}))
    assert read_record(path).config_hash == record.config_hash


@pytest.mark.parametrize("earlier", [version_2, version_3])
def test_record_of_an_earlier_version_is_the_same_run(
    folder: Path, tmp_path: Path, earlier: Callable[[Path], dict[str, Any]]
) -> None:
    (tmp_path / "result.json").write_text(json.dumps(earlier(folder)))
    record, current = read_record(tmp_path / "result.json"), read_record(folder / "result.json")
    assert (record.provenance["cpu"], record.provenance["num_workers"]) == (None, None)
    assert replace(record, provenance=current.provenance) == current


@pytest.mark.parametrize(
    ("device", "device_type"), [("AMD EPYC, 2 cores", "cpu"), ("NVIDIA H100 80GB HBM3", "cuda"), (None, None)]
)
def test_record_of_version_3_has_the_type_of_its_device(
    folder: Path, tmp_path: Path, device: str | None, device_type: str | None
) -> None:
    content = version_3(folder)
    content["provenance"]["device"] = device
    (tmp_path / "result.json").write_text(json.dumps(content))
    assert read_record(tmp_path / "result.json").device_type == device_type


def test_record_of_version_2_with_auto_has_its_peak(folder: Path, tmp_path: Path) -> None:
    auto = version_2(folder, **{"optimizer.lr": "auto", "scheduler.max_lr": "auto*0.1"})
    (tmp_path / "result.json").write_text(json.dumps(auto))
    record = read_record(tmp_path / "result.json")
    assert (record.lr_requested, record.lr) == ("auto", 0.02)
    assert record.config["optimizer.lr"] == 0.02
    assert record.config["scheduler.max_lr"] == pytest.approx(0.002)


JUNK: tuple[Any, ...] = (None, True, -1, 0.5, "text", ["a"], {"a": [1]})


@pytest.mark.parametrize("name", [field.name for field in fields(RunRecord)])
def test_field_of_a_wrong_type_is_named(name: str, folder: Path, tmp_path: Path) -> None:
    content = json.loads((folder / "result.json").read_text())
    annotation = get_type_hints(RunRecord)[name]
    num_refused = 0
    for value in JUNK:
        (tmp_path / "result.json").write_text(json.dumps({**content, name: value}))
        if matches_type(annotation, value):
            continue
        num_refused += 1
        with pytest.raises(RecordError, match=name.replace("_", "[_ ]")):
            read_record(tmp_path / "result.json")
    assert num_refused >= 3


@pytest.mark.parametrize(
    "time_to", [{"0.95": {"epoch": 1}}, {"soon": None}, {"0.95": {"epoch": "1", "step": 2, "seconds": 3}}, {"0.95": 1}]
)
def test_times_without_a_unit_or_a_threshold_are_refused(time_to: object, folder: Path, tmp_path: Path) -> None:
    content = json.loads((folder / "result.json").read_text())
    (tmp_path / "result.json").write_text(json.dumps({**content, "time_to": time_to}))
    with pytest.raises(RecordError, match="time_to"):
        read_record(tmp_path / "result.json")


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"packages": ["torch"]}, "provenance.packages is"),
        ({"packages": {"torch": 2.1}}, "provenance.packages is"),
        ({"device": 0}, "provenance.device is 0"),
        ({"num_threads": "two"}, "provenance.num_threads is 'two'"),
        ({"git_sha": 123}, "provenance.git_sha is 123"),
        ({"cpu": 3}, "provenance.cpu is 3"),
        ({"cpu": {}}, "provenance.cpu.model is None"),
        ({"cpu": {"model": "x", "num_cores": "2", "instruction_set": "AVX2"}}, "provenance.cpu.num_cores is '2'"),
    ],
)
def test_wrong_type_within_the_provenance_is_named(
    change: dict[str, object], name: str, folder: Path, tmp_path: Path
) -> None:
    content = json.loads((folder / "result.json").read_text())
    content["provenance"] |= change
    (tmp_path / "result.json").write_text(json.dumps(content))
    with pytest.raises(RecordError, match=re.escape(f"result.json cannot be right: {name}")):
        read_record(tmp_path / "result.json")


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize(
    "change", [{"config": ["a"]}, {"provenance": 3}, {"config": {"optimizer.lr": {"a": 1}}, "lr": "x"}]
)
def test_record_of_an_earlier_version_with_a_wrong_type_is_refused(
    version: int, change: dict[str, object], folder: Path, tmp_path: Path
) -> None:
    content = (version_2 if version == 2 else version_3)(folder) | change
    (tmp_path / "result.json").write_text(json.dumps(content))
    with pytest.raises(RecordError, match="is not a record"):
        read_record(tmp_path / "result.json")


@pytest.mark.parametrize(("make", "kind"), [(Path.mkdir, "a folder"), (os.mkfifo, "a named pipe")])
def test_something_else_in_the_place_of_a_record_is_refused(
    make: Callable[[Path], None], kind: str, tmp_path: Path
) -> None:
    make(tmp_path / "result.json")
    with pytest.raises(RecordError, match=f"result.json is {kind}, not a file; move it away"):
        find_record(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", bytes(99), b'{"status": "comp', b"[" * 100_000])
def test_damaged_content_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "result.json").write_bytes(content)
    with pytest.raises(RecordError, match=r"cannot be read: .*; move it away to run it again"):
        find_record(tmp_path)


def test_number_that_json_lacks_is_refused(folder: Path, tmp_path: Path) -> None:
    text = (folder / "result.json").read_text()
    (tmp_path / "result.json").write_text(re.sub(r'"test_loss": [^,]+', '"test_loss": NaN', text))
    with pytest.raises(RecordError, match="NaN is not JSON"):
        read_record(tmp_path / "result.json")


@pytest.mark.parametrize(
    ("value", "reason"), [(r"\ud800", "surrogates not allowed"), (10**30, r"1000\S* is too large")], ids=str
)
def test_value_that_no_table_can_hold_is_refused(value: str | int, reason: str, folder: Path, tmp_path: Path) -> None:
    name = "dataset" if isinstance(value, str) else "seed"
    content = json.loads((folder / "result.json").read_text()) | {name: "HERE"}
    text = json.dumps(content).replace('"HERE"', f'"{value}"' if isinstance(value, str) else str(value))
    (tmp_path / "result.json").write_text(text)
    with pytest.raises(RecordError, match=f"cannot be read: .*{reason}"):
        read_record(tmp_path / "result.json")


def test_any_character_is_read(folder: Path, tmp_path: Path) -> None:
    record = replace(read_record(folder / "result.json"), dataset="\U0001f600 é")
    assert read_record(write_record(record, tmp_path)) == record
