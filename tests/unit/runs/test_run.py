"""A config becomes a run in a folder of its own."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
import torch
from filelock import FileLock

from src.errors import FolderTakenError, UsageError
from src.runs import run as experiment
from src.training.callbacks import Callback
from src.training.metrics import EpochResult, Outcome
from src.training.trainer import Trainer
from tests.conftest import small_config


class Failing(Callback):
    def on_epoch_end(self, trainer: Trainer, result: EpochResult) -> None:
        raise RuntimeError("out of memory")


class Signalling(Callback):
    def on_step(self, trainer: Trainer) -> None:
        if trainer.progress.step == 25:
            os.kill(os.getpid(), signal.SIGTERM)


def callback(kind: type) -> str:
    return f"+callbacks.mine._target_={__name__}.{kind.__name__}"


def test_second_run_skips_finished_record(tmp_path: Path) -> None:
    first = experiment.run(small_config(), tmp_path)
    written = (tmp_path / "result.json").stat().st_mtime_ns
    assert experiment.run(small_config(), tmp_path) == first
    assert (tmp_path / "result.json").stat().st_mtime_ns == written


@pytest.mark.parametrize("without", [(), ("result.json",), ("result.json", "checkpoint.pt")])
def test_folder_of_another_run_is_refused(tmp_path: Path, without: tuple[str, ...]) -> None:
    experiment.run(small_config(), tmp_path)
    for name in without:  # killed before its record, or before its first checkpoint
        (tmp_path / name).unlink()
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(FolderTakenError, match="holds another run"):
        experiment.run(small_config("seed=1"), tmp_path, on_claim=lambda: pytest.fail("claimed"))
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_locked_folder_is_refused(tmp_path: Path) -> None:
    with FileLock(tmp_path / ".lock"), pytest.raises(UsageError, match="is in use"):
        experiment.run(small_config(), tmp_path)


def test_exception_is_recorded_with_traceback(tmp_path: Path) -> None:
    record = experiment.run(small_config(callback(Failing)), tmp_path)
    assert record.status == "failed"
    assert record.error_line == "RuntimeError: out of memory"
    assert "Traceback" in str(record.error)
    assert record.test_accuracy is None


def test_signal_interrupts_run_and_second_run_finishes_it(tmp_path: Path) -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    config = small_config(callback(Signalling), "epochs=3")
    interrupted = experiment.run(config, tmp_path / "run")
    assert (interrupted.status, interrupted.steps) == ("interrupted", 25)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
    finished = experiment.run(config, tmp_path / "run")
    assert (finished.status, finished.steps) == ("completed", 60)
    undisturbed = experiment.run(small_config("epochs=3"), tmp_path / "whole")
    assert finished.test_loss == undisturbed.test_loss


class Opening(Callback):
    opened = 0

    def __init__(self) -> None:
        Opening.opened += 1


class RaisingAtTheEnd(Callback):
    def on_run_end(self, trainer: Trainer, outcome: Outcome) -> None:
        raise OSError("the log is gone")


def test_callback_is_built_once_per_run(tmp_path: Path) -> None:
    Opening.opened = 0
    experiment.run(small_config(callback(Opening)), tmp_path)
    assert Opening.opened == 1


def test_callback_failing_at_the_end_keeps_the_checkpoint(tmp_path: Path) -> None:
    config = small_config(callback(Signalling), f"+callbacks.other._target_={__name__}.RaisingAtTheEnd")
    record = experiment.run(config, tmp_path)
    assert (record.status, record.error_line) == ("failed", "OSError: the log is gone")
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["trainer"]["progress"]["step"] == 25


class RaisingAtTheStart(Callback):
    def on_run_start(self, trainer: Trainer) -> None:
        raise ConnectionError("no tracking server")


def test_record_names_error_of_callback_failing_at_the_start(tmp_path: Path) -> None:
    record = experiment.run(small_config(callback(RaisingAtTheStart)), tmp_path)
    assert (record.status, record.error_line) == ("failed", "ConnectionError: no tracking server")


def test_unreadable_test_set_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(self: object) -> None:
        raise UsageError("t10k-images-idx3-ubyte.gz is damaged")

    monkeypatch.setattr(experiment.data.Dataset, "test", gone)
    record = experiment.run(small_config(), tmp_path)
    assert (record.status, record.steps) == ("failed", 40)
    assert "t10k-images-idx3-ubyte.gz is damaged" in record.error_line


def test_time_to_reports_first_epoch_at_each_threshold() -> None:
    history = [
        EpochResult(epoch, 10 * epoch, 0.1, 1.0, 0.5, 1.0, accuracy, 2.0 * epoch)
        for epoch, accuracy in enumerate([0.5, 0.9, 0.8, 0.95], 1)
    ]
    assert experiment.time_to([0.5, 0.85, 0.99], history) == {
        "0.5": {"epoch": 1, "step": 10, "seconds": 2.0},
        "0.85": {"epoch": 2, "step": 20, "seconds": 4.0},
        "0.99": None,
    }


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("+callbacks.mine._target_=no.such.Thing", "callbacks.mine"),
        ("+callbacks.mine._target_=torch.nn.ReLU", "is no subclass of src.callbacks.Callback"),
        ("+callbacks.mine.path=x", "callbacks.mine"),
        ("model=mlp", "model"),
    ],
)
def test_invalid_config_is_refused_before_reading_data(
    override: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(experiment.data, "load", lambda *_: pytest.fail("data were read"))
    config = small_config(override, "+model.nonsense=1") if override == "model=mlp" else small_config(override)
    with pytest.raises(UsageError) as refusal:
        experiment.run(config, tmp_path)
    assert says in str(refusal.value)
    assert not (tmp_path / "result.json").exists()


def test_record_contains_no_local_path(tmp_path: Path) -> None:
    experiment.run(small_config("data.root=/somewhere/private"), tmp_path)
    assert "private" not in json.dumps(json.loads((tmp_path / "result.json").read_text()))
