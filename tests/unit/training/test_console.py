"""Console progress: one line per epoch. The bar of a terminal is tested in `tests/integration/test_train.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.runs.run import run
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
