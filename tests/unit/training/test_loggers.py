"""What loggers send, and what they refuse; tests/integration/test_loggers.py runs the real programs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from src.config import extras
from src.config.schema import Config
from src.errors import UsageError
from src.runs.build import build_trainer
from src.training.callbacks import check_callbacks
from src.training.loggers import Logger
from tests.conftest import small_config
from tests.unit.training.conftest import StopAfter


class Recorder(Logger):
    """Keeps what a logger would send."""

    package = "json"
    sent: ClassVar[list[tuple[object, ...]]] = []

    def start(self, config: Config, name: str, folder: Path, earlier: str | None) -> str:
        self.sent.append(("start", name, earlier))
        return earlier or "first"

    def log(self, values: Mapping[str, float], step: int) -> None:
        self.sent.append((sorted(values), step))

    def end(self, status: str) -> None:
        self.sent.append(("end", status))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The run's folder, as Hydra names it."""
    Recorder.sent.clear()
    config = OmegaConf.create({"runtime": {"output_dir": str(tmp_path)}})
    monkeypatch.setattr(HydraConfig, "get", staticmethod(lambda: config))
    return tmp_path


EPOCH = ["epoch", "lr", "train/accuracy", "train/loss", "val/accuracy", "val/loss"]
START = ("start", "constant lr=0.02 seed=0", None)


def test_logger_gets_every_epoch_and_the_test(folder: Path) -> None:
    trainer = build_trainer(small_config(), folder)
    trainer.callbacks.add(Recorder())
    trainer.fit()
    test = ["test/accuracy", "test/loss"]
    assert Recorder.sent == [START, (EPOCH, 20), (EPOCH, 40), (test, 40), ("end", "completed")]


def test_resumed_run_goes_on_in_the_same_run_of_the_logger(folder: Path) -> None:
    stopped = build_trainer(small_config(), folder)
    for callback in (Recorder(), StopAfter(25)):
        stopped.callbacks.add(callback)
    assert stopped.fit().status == "interrupted"
    resumed = build_trainer(small_config(), folder)
    resumed.load_state_dict(stopped.state_dict())
    resumed.callbacks.add(Recorder())
    resumed.fit()
    assert [entry for entry in Recorder.sent if entry[0] in ("start", "end")] == [
        START,
        ("end", "interrupted"),
        (*START[:2], "first"),
        ("end", "completed"),
    ]


def test_run_that_starts_anew_is_a_new_run_of_the_logger(folder: Path) -> None:
    for _ in range(2):
        trainer = build_trainer(small_config(), folder)
        trainer.callbacks.add(Recorder())
        trainer.fit()
    assert [entry for entry in Recorder.sent if entry[0] == "start"] == [START, START]


@pytest.mark.parametrize("name", ["mlflow", "wandb"])
def test_missing_package_is_refused_before_the_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    config = small_config(f"+callbacks={name}")
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=rf"^callbacks={name} needs {name}, .*pip install .*\[{name}\]'$"):
        check_callbacks(config)
    monkeypatch.setattr(extras, "find_spec", lambda _: object())
    check_callbacks(config)
