"""Runs: from a config to a record, with refusals, failures, signals, and resuming."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from filelock import FileLock

from src.data import dataset
from src.errors import FolderInUseError, FolderTakenError, UsageError
from src.runs import build
from src.runs.run import run
from src.runs.summary import time_to
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
    first = run(small_config(), tmp_path)
    written = (tmp_path / "result.json").stat().st_mtime_ns
    assert run(small_config(), tmp_path) == first
    assert (tmp_path / "result.json").stat().st_mtime_ns == written


@pytest.mark.parametrize("missing", [(), ("result.json",), ("result.json", "checkpoint.pt")])
def test_folder_of_another_run_is_refused(tmp_path: Path, missing: tuple[str, ...]) -> None:
    run(small_config(), tmp_path)
    for name in missing:  # as if killed before its record, or before its first checkpoint
        (tmp_path / name).unlink()
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(FolderTakenError, match="holds another run"):
        run(small_config("seed=1"), tmp_path, on_claim=lambda: pytest.fail("claimed"))
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_locked_folder_is_refused(tmp_path: Path) -> None:
    with FileLock(tmp_path / ".lock"), pytest.raises(UsageError, match="is in use"):
        run(small_config(), tmp_path)


def test_exception_is_recorded_with_traceback(tmp_path: Path) -> None:
    record = run(small_config(callback(Failing)), tmp_path)
    assert record.status == "failed"
    assert record.error_line == "RuntimeError: out of memory"
    assert "Traceback" in str(record.error)
    assert record.test_accuracy is None


class Exiting(Callback):
    def on_epoch_end(self, trainer: Trainer, result: EpochResult) -> None:
        sys.exit(0)


def test_code_that_exits_fails_the_run(tmp_path: Path) -> None:
    record = run(small_config(callback(Exiting)), tmp_path)
    assert (record.status, record.test_accuracy) == ("failed", None)
    assert record.error_line == "SystemExit: the code of the model, a callback or another part called sys.exit(0)"


def test_refused_run_leaves_its_folder_to_the_corrected_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"scheduler\.gamma='abc'"):
        run(small_config("scheduler=step", "scheduler.gamma=abc"), tmp_path)
    assert run(small_config(), tmp_path).status == "completed"


def test_run_that_waits_for_another_process_can_be_stopped(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    answers = iter([True, False])
    with FileLock(tmp_path / ".lock"), pytest.raises(FolderInUseError, match="is in use"):
        run(small_config(), tmp_path, keep_waiting=lambda: next(answers))
    assert f"Waiting for {tmp_path}: another process is running there" in caplog.text


def test_signal_interrupts_run_and_second_run_finishes_it(tmp_path: Path) -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    config = small_config(callback(Signalling), "epochs=3")
    interrupted = run(config, tmp_path / "run")
    assert (interrupted.status, interrupted.steps) == ("interrupted", 25)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
    finished = run(config, tmp_path / "run")
    assert (finished.status, finished.steps) == ("completed", 60)
    uninterrupted = run(small_config("epochs=3"), tmp_path / "whole")
    assert finished.test_loss == uninterrupted.test_loss


class Counting(Callback):
    built = 0

    def __init__(self) -> None:
        Counting.built += 1


class FailingAtTheEnd(Callback):
    def on_run_end(self, trainer: Trainer, outcome: Outcome) -> None:
        raise OSError("the log is gone")


def test_callback_is_built_once_per_run(tmp_path: Path) -> None:
    Counting.built = 0
    run(small_config(callback(Counting)), tmp_path)
    assert Counting.built == 1


def test_callback_failing_at_the_end_keeps_the_checkpoint(tmp_path: Path) -> None:
    config = small_config(callback(Signalling), f"+callbacks.other._target_={__name__}.FailingAtTheEnd")
    record = run(config, tmp_path)
    assert (record.status, record.error_line) == ("failed", "OSError: the log is gone")
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["trainer"]["progress"]["step"] == 25


class FailingAtTheStart(Callback):
    def on_run_start(self, trainer: Trainer) -> None:
        raise ConnectionError("no tracking server")


def test_record_names_error_of_callback_failing_at_the_start(tmp_path: Path) -> None:
    record = run(small_config(callback(FailingAtTheStart)), tmp_path)
    assert (record.status, record.error_line) == ("failed", "ConnectionError: no tracking server")


def test_unreadable_test_set_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: object) -> None:
        raise UsageError("t10k-images-idx3-ubyte.gz is damaged")

    monkeypatch.setattr(dataset.Dataset, "test", fail)
    record = run(small_config(), tmp_path)
    assert (record.status, record.steps) == ("failed", 40)
    assert "t10k-images-idx3-ubyte.gz is damaged" in record.error_line


def test_time_to_reports_first_epoch_at_each_threshold() -> None:
    history = [
        EpochResult(epoch, 10 * epoch, 0.1, 1.0, 0.5, 1.0, accuracy, 2.0 * epoch)
        for epoch, accuracy in enumerate([0.5, 0.9, 0.8, 0.95], 1)
    ]
    assert time_to([0.5, 0.85, 0.99], history) == {
        "0.5": {"epoch": 1, "step": 10, "seconds": 2.0},
        "0.85": {"epoch": 2, "step": 20, "seconds": 4.0},
        "0.99": None,
    }


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("+callbacks.mine._target_=no.such.Thing", "callbacks.mine"),
        ("+callbacks.mine._target_=torch.nn.ReLU", "is not a subclass of src.callbacks.Callback"),
        ("+callbacks.mine.path=x", "callbacks.mine"),
        ("model=mlp", "model"),
    ],
)
def test_invalid_config_is_refused_before_reading_data(
    override: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset, "load", lambda *_: pytest.fail("data were read"))
    config = small_config(override, "+model.nonsense=1") if override == "model=mlp" else small_config(override)
    with pytest.raises(UsageError) as error:
        run(config, tmp_path)
    assert message in str(error.value)
    assert not (tmp_path / "result.json").exists()


def test_record_contains_no_local_path(tmp_path: Path) -> None:
    run(small_config("data.root=/somewhere/private"), tmp_path)
    assert "private" not in json.dumps(json.loads((tmp_path / "result.json").read_text()))


def test_our_code_may_move_without_invalidating_a_finished_run(tmp_path: Path) -> None:
    first = run(small_config("model._target_=src.models.softmax"), tmp_path)
    moved = small_config("model._target_=src.models.networks.softmax", "model.name=softmax")
    moved.model["name"] = "softmax"  # the name of a choice follows its YAML, which moves with the code
    assert run(moved, tmp_path) == first


def test_parts_of_a_run_are_built_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = dict.fromkeys(("build_model", "build_optimizer", "build_schedule", "build_averaging"), 0)

    def count(name: str, builder: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            calls[name] += 1
            return builder(*arguments, **options)

        return counted

    for name in calls:
        monkeypatch.setattr(build, name, count(name, getattr(build, name)))
    run(small_config(), tmp_path)
    assert calls == dict.fromkeys(calls, 1)


def test_a_finished_record_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(small_config(), tmp_path)
    reads = []
    read_text = Path.read_text
    monkeypatch.setattr(Path, "read_text", lambda self, *args: reads.append(self.name) or read_text(self, *args))  # type: ignore[func-returns-value]
    run(small_config(), tmp_path)
    assert reads.count("result.json") == 1
