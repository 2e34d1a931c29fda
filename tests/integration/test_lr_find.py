"""The range test as a user starts it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import ROOT, SMALL, Command

LR_FIND = str(ROOT / "scripts" / "lr_find.py")
QUICK = [LR_FIND, *(each for each in SMALL if "lr" not in each), "num_updates=60"]


def test_it_prints_both_suggestions_and_writes_picture_and_numbers(command: Command, tmp_path: Path) -> None:
    done = command(*QUICK, "suggest=steepest")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "outputs" / "lr_find" / "digits" / "softmax" / "sgd"
    said = dict(line.split() for line in done.stdout.splitlines() if line.startswith("  ") and len(line.split()) == 2)
    assert 0.001 < float(said["valley"]) < 1
    assert f"Train with optimizer.lr={said['steepest']}" in done.stdout
    numbers = pd.read_csv(folder / "lr_find.csv")
    assert list(numbers.columns) == ["lr", "loss", "smoothed"]
    assert numbers["lr"].iloc[0] == pytest.approx(1e-6)
    assert numbers["lr"].is_monotonic_increasing
    assert (folder / "lr_find.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (folder / "lr_find.svg").read_text()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["num_updates=2.5"], "num_updates=2.5: must be a whole number"),
        (["suggest=best"], "suggest=best: choose one of valley, steepest"),
        (["model=mlp,lenet"], "model=mlp,lenet: takes one value"),
        (["max_lr=1e-5"], "lowers the loss by more than 5%"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], says: str, command: Command, tmp_path: Path) -> None:
    done = command(*QUICK, *arguments)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert says in done.stderr
    assert not (tmp_path / "outputs").exists()
