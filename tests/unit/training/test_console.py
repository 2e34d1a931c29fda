"""Console progress: one line per epoch. The bar of a terminal is tested in `tests/integration/test_train.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.runs.build import build_trainer
from src.runs.run import run
from src.training.console import EpochLines
from src.training.metrics import EpochResult
from tests.conftest import small_config


def test_epoch_lines_are_aligned_and_show_seconds_per_epoch(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="src.training.console")
    run(small_config("epochs=3"), tmp_path, show="lines")
    header, *lines = caplog.messages
    assert [line.split()[0] for line in lines] == ["1/3", "2/3", "3/3"]
    assert {len(line) for line in lines} == {len(header)}
    seconds = [float(line.split()[-1]) for line in lines]
    total = float((tmp_path / "history.csv").read_text().splitlines()[-1].split(",")[-1])
    assert sum(seconds) == pytest.approx(total, abs=0.2)


def test_losses_of_a_run_that_diverges_stay_in_their_columns(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="src.training.console")
    trainer, lines = build_trainer(small_config(), tmp_path), EpochLines()
    lines.on_run_start(trainer)
    losses = {"train_loss": 9325066058926.1133, "val_loss": 1.5e38}
    result = EpochResult(epoch=1, step=20, lr=0.5, train_accuracy=0.1, val_accuracy=0.1, train_seconds=1.0, **losses)
    lines.on_epoch_end(trainer, result)
    header, line = caplog.messages
    assert len(line) == len(header)
    assert line.split()[2:6] == ["9.33e+12", "10.00%", "1.5e+38", "10.00%"]
