"""history.csv, steps.csv, and the event file as TensorBoard reads it."""

from __future__ import annotations

import copy
import csv
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2

from src.runs.build import build_trainer
from src.training.callbacks import Callback
from src.training.metrics import EpochResult, Outcome
from src.training.trainer import Trainer
from tests.conftest import small_config
from tests.unit.training.conftest import StopAfter


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Trainer, Path]:
    folder = tmp_path_factory.mktemp("run")
    trainer = build_trainer(small_config("scheduler=cosine", "warmup=4"), folder)
    trainer.fit()
    return trainer, folder


def rows(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def events(folder: Path) -> EventAccumulator:
    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    accumulator.Reload()
    return accumulator


def scalars(folder: Path, tag: str) -> list[tuple[int, float]]:
    return [(event.step, event.value) for event in events(folder).Scalars(tag)]


def test_history_has_one_row_per_epoch(run: tuple[Trainer, Path]) -> None:
    trainer, folder = run
    history = rows(folder / "history.csv")
    assert list(history[0]) == [
        "epoch", "step", "lr", "train_loss", "train_accuracy", "val_loss", "val_accuracy", "train_seconds",
    ]  # fmt: skip
    assert [float(row["val_loss"]) for row in history] == [row.val_loss for row in trainer.progress.history]


def test_steps_has_one_row_per_update(run: tuple[Trainer, Path]) -> None:
    _, folder = run
    steps = rows(folder / "steps.csv")
    assert [int(row["step"]) for row in steps] == list(range(40))
    assert all(float(row["loss"]) > 0 for row in steps)


def test_tensorboard_has_lr_per_update_and_metrics_at_the_last_update_of_each_epoch(
    run: tuple[Trainer, Path],
) -> None:
    trainer, folder = run
    lrs = [(int(row["step"]), float(row["lr"])) for row in rows(folder / "steps.csv")]
    assert scalars(folder, "lr") == [(step, pytest.approx(lr)) for step, lr in lrs]
    history = trainer.progress.history
    for tag, name in [("train/loss", "train_loss"), ("train/accuracy", "train_accuracy"), ("val/loss", "val_loss")]:
        expected = [(row.step - 1, pytest.approx(getattr(row, name), rel=1e-6)) for row in history]
        assert scalars(folder, tag) == expected
    test = trainer.evaluate(trainer.data.test())
    assert scalars(folder, "test/accuracy") == [(40, pytest.approx(test.accuracy))]


def test_hparams_are_in_the_event_file_of_the_run(run: tuple[Trainer, Path]) -> None:
    _, folder = run
    assert len(list(folder.glob("**/events.out.tfevents.*"))) == 1  # TensorBoard's `add_hparams` would add a second run
    plugins = events(folder).SummaryMetadata
    sessions = {
        tag: plugin_data_pb2.HParamsPluginData.FromString(plugins(tag).plugin_data.content)
        for tag in ("_hparams_/session_start_info", "_hparams_/session_end_info")
    }
    hparams = sessions["_hparams_/session_start_info"].session_start_info.hparams
    assert hparams["scheduler"].string_value == "cosine"
    assert hparams["lr"].number_value == 0.02
    assert sessions["_hparams_/session_end_info"].HasField("session_end_info")


def test_resumed_run_logs_every_update_once(tmp_path: Path) -> None:
    config = small_config("scheduler=cosine", "epochs=3")
    first = build_trainer(config, tmp_path)
    first.callbacks.add(StopAfter(50))
    first.fit()
    second = build_trainer(config, tmp_path)
    second.load_state_dict(first.state_dict())
    second.fit()
    assert [int(row["step"]) for row in rows(tmp_path / "steps.csv")] == list(range(60))
    assert [int(row["epoch"]) for row in rows(tmp_path / "history.csv")] == [1, 2, 3]
    assert [step for step, _ in scalars(tmp_path, "lr")] == list(range(60))


def test_resume_discards_rows_written_after_the_checkpoint(tmp_path: Path) -> None:
    config = small_config("scheduler=cosine", "epochs=3")
    first = build_trainer(config, tmp_path)
    first.callbacks.add(StopAfter(20))
    first.fit()
    state = first.state_dict()
    first = build_trainer(config, tmp_path)
    first.load_state_dict(state)
    first.fit()  # to the end, as if every later checkpoint were lost
    second = build_trainer(config, tmp_path)
    second.load_state_dict(state)
    second.callbacks.run_start(second)
    assert rows(tmp_path / "history.csv") == []
    assert rows(tmp_path / "steps.csv") == []
    second.train_epoch()
    second.end_epoch()
    second.callbacks.run_end(second, Outcome("interrupted", None))
    assert [int(row["step"]) for row in rows(tmp_path / "steps.csv")] == list(range(20))


@pytest.mark.parametrize("batch_size", [64, 1257])
def test_epoch_killed_between_its_events_and_its_checkpoint_is_shown_once(tmp_path: Path, batch_size: int) -> None:
    config = small_config(f"batch_size={batch_size}", "epochs=3")
    first = build_trainer(config, tmp_path)
    states: list[dict[str, Any]] = []
    first.callbacks.add(SaveState(states))
    first.fit()
    second = build_trainer(config, tmp_path)
    second.load_state_dict(states[0])  # as if the checkpoint of the second epoch were lost
    second.fit()
    updates = second.progress.step // 3
    assert [step for step, _ in scalars(tmp_path, "lr")] == list(range(3 * updates))
    assert [step for step, _ in scalars(tmp_path, "val/loss")] == [updates - 1, 2 * updates - 1, 3 * updates - 1]


def test_run_killed_between_its_last_events_and_its_record_is_shown_once(tmp_path: Path) -> None:
    first = build_trainer(small_config("averaging=swa"), tmp_path)
    first.fit()
    second = build_trainer(small_config("averaging=swa"), tmp_path)
    second.load_state_dict(first.state_dict())
    second.fit()
    assert [step for step, _ in scalars(tmp_path, "val/loss")] == [19, 39]
    for tag in ("test/loss", "test/accuracy", "test/averaged_loss", "val/averaged_accuracy"):
        assert [step for step, _ in scalars(tmp_path, tag)] == [40]


def test_run_resumed_without_its_steps_file_counts_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = small_config("epochs=2")
    first = build_trainer(config, tmp_path)
    first.callbacks.add(StopAfter(30))
    first.fit()
    (tmp_path / "steps.csv").unlink()
    second = build_trainer(config, tmp_path)
    second.load_state_dict(first.state_dict())
    second.fit()
    assert [int(row["step"]) for row in rows(tmp_path / "steps.csv")] == list(range(20, 40))
    assert "steps.csv lacks 20 earlier updates" in caplog.text


def interrupted(folder: Path) -> Trainer:
    """A run of two epochs that was stopped in the second one, after 30 of 40 updates."""
    trainer = build_trainer(small_config("epochs=2"), folder)
    trainer.callbacks.add(StopAfter(30))
    trainer.fit()
    return trainer


def finish(first: Trainer, folder: Path) -> None:
    second = build_trainer(first.config, folder)
    second.load_state_dict(first.state_dict())
    assert second.fit().status == "completed"


@pytest.mark.parametrize(
    ("line", "content"),
    [(9, b"\xff\xfe\x00"), (9, bytes(20)), (9, b"7,0.02"), (9, b'7,"0.02,2.1'), (9, b"7,fast,2.1"), (1, b"a,b,c")],
)
def test_run_resumed_with_a_damaged_line_keeps_the_other_steps_and_the_file(
    line: int, content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, path = interrupted(tmp_path), tmp_path / "steps.csv"
    lines = path.read_bytes().split(b"\n")
    lines[line - 1] = content
    path.write_bytes(damaged := b"\n".join(lines))
    finish(first, tmp_path)
    lost = {line - 2} if line > 1 else set()
    assert [int(row["step"]) for row in rows(path)] == sorted(set(range(40)) - lost)
    assert f"{path} line {line} is damaged; kept as steps.damaged.csv" in caplog.text
    assert ("steps.csv lacks 1 earlier updates" in caplog.text) == bool(lost)
    assert (tmp_path / "steps.damaged.csv").read_bytes() == damaged


def test_row_that_a_kill_cut_off_is_not_damage(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = interrupted(tmp_path)
    with open(tmp_path / "steps.csv", "a") as file:
        file.write("20,0.02,2.1\n21,0.0")
    finish(first, tmp_path)
    assert [int(row["step"]) for row in rows(tmp_path / "steps.csv")] == list(range(40))
    assert "damaged" not in caplog.text


@pytest.mark.parametrize("content", [None, b"", b"\xff\x00", b"epoch,step\n1,2\n"])
def test_run_resumed_with_a_damaged_history_restores_it(content: bytes | None, tmp_path: Path) -> None:
    first, path = interrupted(tmp_path), tmp_path / "history.csv"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    finish(first, tmp_path)
    assert [int(row["epoch"]) for row in rows(path)] == [1, 2]


class SaveState(Callback):
    """Keeps the state after every epoch."""

    def __init__(self, states: list[dict[str, Any]]) -> None:
        self._states = states

    def on_epoch_end(self, trainer: Trainer, result: EpochResult) -> None:
        self._states.append(copy.deepcopy(trainer.state_dict()))
