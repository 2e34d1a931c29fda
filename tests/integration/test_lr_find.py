"""`scripts/lr_find.py` as a user runs it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import SMALL
from tests.integration.scripts import run_script

QUICK = [*(override for override in SMALL if "lr" not in override), "num_updates=60"]


def test_range_test_prints_suggestions_and_writes_figure_and_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = run_script("lr_find", tmp_path, capsys, *QUICK, "suggest=steepest")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "outputs" / "lr_find" / "digits" / "softmax" / "sgd"
    lines = [line.split() for line in done.stdout.splitlines() if line.startswith("  ")]
    suggestions = dict(words for words in lines if len(words) == 2)
    assert 0.001 < float(suggestions["valley"]) < 1
    assert 0.001 < float(suggestions["lowest"]) < 1
    assert f"Train with optimizer.lr={suggestions['steepest']}" in done.stdout
    rows = pd.read_csv(folder / "lr_find.csv")
    assert list(rows.columns) == ["lr", "loss", "smoothed"]
    assert rows["lr"].iloc[0] == pytest.approx(1e-6)
    assert rows["lr"].is_monotonic_increasing
    assert (folder / "lr_find.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (folder / "lr_find.svg").read_text()


def test_requested_lr_does_not_matter(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for lr in ("auto", "0.02"):
        done = run_script("lr_find", tmp_path, capsys, *QUICK, f"optimizer.lr={lr}", f"out={lr}")
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "auto" / "lr_find.csv").read_bytes() == (tmp_path / "0.02" / "lr_find.csv").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["num_updates=2.5"], "num_updates=2.5: must be an integer"),
        (["suggest=best"], "suggest=best: choose one of valley, steepest"),
        (["model=mlp,lenet"], "model=mlp,lenet: takes one value"),
        (["max_lr=1e-5"], "lowers the loss by more than 5%"),
    ],
)
def test_invalid_input_ends_in_one_line(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = run_script("lr_find", tmp_path, capsys, *QUICK, *arguments)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert message in done.stderr
    assert not (tmp_path / "outputs").exists()
