"""Runs in lockstep in folders: records, resuming after a kill at any moment, and failures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from src.config.schema import Config
from src.errors import UsageError
from src.runs import pack as packs
from src.runs.pack import PackedRun, Result, common_point, run_pack
from src.runs.record import RunRecord, read_record
from src.training.callbacks import Callback
from src.training.checkpoint import Checkpoint
from src.training.metrics import EpochResult
from src.training.trainer import Trainer
from tests.conftest import small_config

SCHEDULES = ("constant", "cosine", "plateau")
TIMES = ("train_seconds", "wall_seconds", "started_at", "finished_at", "provenance", "time_to")


class Killed(BaseException):
    """What nothing catches."""


def configs(*overrides: str) -> list[Config]:
    shared = ("model=mlp", "model.hidden=[16]", "model.dropout=0.2", "epochs=3", *overrides)
    rates = {"plateau": "optimizer.lr=1e30"}  # diverges in the first epoch
    return [small_config(*shared, f"scheduler={name}", rates.get(name, "optimizer.lr=0.05")) for name in SCHEDULES]


def started(folder: Path, settings: Sequence[Config]) -> list[PackedRun]:
    return [PackedRun(config, folder / config.scheduler["name"]) for config in settings]


def run_all(folder: Path, settings: Sequence[Config]) -> dict[str, Result]:
    return {packed.config.scheduler["name"]: result for packed, result in run_pack(started(folder, settings))}


def numbers(folder: Path) -> dict[str, Any]:
    """Everything that the records and logs of the runs say, apart from times."""
    found: dict[str, Any] = {}
    for name in SCHEDULES:
        record = vars(read_record(folder / name / "result.json"))
        found[name] = {key: value for key, value in record.items() if key not in TIMES}
        found[f"{name} steps"] = (folder / name / "steps.csv").read_text()
    return found


def test_records_name_the_size_of_the_pack_and_runs_are_finished(tmp_path: Path) -> None:
    results = run_all(tmp_path, configs())
    statuses = {name: result.status for name, result in results.items() if isinstance(result, RunRecord)}
    assert statuses == {"constant": "completed", "cosine": "completed", "plateau": "diverged"}
    content = json.loads((tmp_path / "cosine" / "result.json").read_text())
    assert content["provenance"]["lockstep"] == 3
    modified = (tmp_path / "cosine" / "result.json").stat().st_mtime_ns
    assert run_all(tmp_path, configs()) == {}
    assert (tmp_path / "cosine" / "result.json").stat().st_mtime_ns == modified


@pytest.mark.parametrize("epoch", [1, 2, 3])
@pytest.mark.parametrize("saved", [0, 1])
def test_pack_killed_between_two_checkpoints_resumes_bit_for_bit(
    epoch: int, saved: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some runs have the checkpoint of an epoch and others do not: all go back to one that all have."""
    run_all(tmp_path / "whole", configs())
    on_epoch_end, count = Checkpoint.on_epoch_end, 0

    def kill(checkpoint: Checkpoint, trainer: Trainer, result: EpochResult) -> None:
        nonlocal count
        count += result.epoch == epoch
        if count > saved:
            raise Killed
        on_epoch_end(checkpoint, trainer, result)

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "on_epoch_end", kill)
        with pytest.raises(Killed):
            run_all(tmp_path / "killed", configs())
    run_all(tmp_path / "killed", configs())
    assert numbers(tmp_path / "killed") == numbers(tmp_path / "whole")


def test_pack_killed_between_two_records_resumes_bit_for_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_all(tmp_path / "whole", configs())
    written: list[Path] = []
    write_record = packs.records.write_record

    def kill(record: RunRecord, folder: Path) -> Path:
        if len(written) == 2:
            raise Killed
        written.append(folder)
        return write_record(record, folder)

    with monkeypatch.context() as patch:
        patch.setattr(packs.records, "write_record", kill)
        with pytest.raises(Killed):
            run_all(tmp_path / "killed", configs())
    run_all(tmp_path / "killed", configs())
    assert numbers(tmp_path / "killed") == numbers(tmp_path / "whole")


def test_run_whose_folder_was_lost_is_made_again_bit_for_bit(tmp_path: Path) -> None:
    run_all(tmp_path, configs())
    before = numbers(tmp_path)
    (tmp_path / "cosine").rename(tmp_path / "moved")
    run_all(tmp_path, configs())
    assert numbers(tmp_path) == before


def test_run_without_a_point_in_common_is_trained_after_the_others(tmp_path: Path) -> None:
    settings = configs("+callbacks.fail._target_=tests.unit.runs.test_pack.FailOnce")
    FailOnce.schedule, FailOnce.epoch = "constant", 1
    results = run_all(tmp_path, settings)
    assert isinstance(results["constant"], RunRecord)
    assert results["constant"].status == "failed"
    assert "ValueError: only this run" in (results["constant"].error or "")
    FailOnce.schedule = ""
    again = run_all(tmp_path, settings)
    assert {name: vars(result)["status"] for name, result in again.items()} == {"constant": "completed"}
    run_all(tmp_path / "whole", settings)
    assert numbers(tmp_path) == numbers(tmp_path / "whole")


class FailOnce(Callback):
    """Fails in an epoch of the run of one schedule."""

    schedule, epoch = "", 1

    def on_epoch_end(self, trainer: Trainer, result: EpochResult) -> None:
        if trainer.config.scheduler["name"] == FailOnce.schedule and result.epoch == FailOnce.epoch:
            raise ValueError("only this run")


def test_folder_of_another_run_is_refused_and_the_others_train(tmp_path: Path) -> None:
    settings = configs()
    run_all(tmp_path, [replace(settings[0], epochs=1)])
    results = run_all(tmp_path, settings)
    assert isinstance(results["constant"], UsageError)
    assert "holds another run" in str(results["constant"])
    assert vars(results["cosine"])["status"] == "completed"


def test_runs_whose_gradients_are_scaled_are_trained_one_by_one_until_the_sweep_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packs, "_scales_gradients", lambda config: True)
    first, second, third = started(tmp_path, configs())
    done = [packed for packed, _ in run_pack([first], keep_waiting=lambda: True)]
    later = run_pack([first, second, third], keep_waiting=lambda: not second.folder.exists())
    assert [*done, *(packed for packed, _ in later)] == [first, second]
    assert not third.folder.exists()


def test_run_with_a_checkpoint_of_another_precision_is_refused_and_not_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise UsageError("the checkpoint is of another precision")

    monkeypatch.setattr(packs, "resume_at", refuse)
    results = run_all(tmp_path, configs())
    assert {str(result) for result in results.values()} == {"the checkpoint is of another precision"}
    assert not list(tmp_path.rglob("result.json"))


def test_common_point() -> None:
    assert common_point({}) == ((0, 0), [])
    assert common_point({0: [(5, 0), (4, 0)], 1: [(4, 0), (3, 0)]}) == ((4, 0), [0, 1])
    assert common_point({0: [(5, 0), (4, 0)], 1: [(5, 0), (4, 0)]}) == ((5, 0), [0, 1])
    assert common_point({0: [(9, 0), (8, 0)], 1: [(9, 0), (8, 0)], 2: [(1, 0), (0, 0)]}) == ((9, 0), [0, 1])
    assert common_point({0: [(0, 2), (0, 0)], 1: [(0, 0)]}) == ((0, 0), [0, 1])
