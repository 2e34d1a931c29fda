"""A sweep in lockstep whose processes are all killed resumes to the last bit."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from src.runs.record import read_record
from tests.conftest import Command, start

SWEEP = (
    "scripts/sweep.py", "schedulers=[constant,cosine,plateau]", "seeds=[0,1]", "model=mlp", "model.dropout=0.2",
    "data=digits", "epochs=12", "batch_size=16", "lockstep=3", "hydra.launcher.n_jobs=2",
)  # fmt: skip


@pytest.mark.faults
def test_killed_sweep_in_lockstep_resumes_bit_for_bit(command: Command, tmp_path: Path) -> None:
    arguments = [str(Path(__file__).parents[2] / SWEEP[0]), *SWEEP[1:]]
    assert command(*arguments, "name=whole").returncode == 0
    process = start([*arguments, "name=killed"], tmp_path)
    while process.poll() is None and not any(
        map(has_four_epochs, (tmp_path / "outputs").rglob("killed/**/history.csv"))
    ):
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert numbers(tmp_path / "outputs/sweeps/killed").keys() != numbers(tmp_path / "outputs/sweeps/whole").keys()
    assert command(*arguments, "name=killed").returncode == 0
    assert numbers(tmp_path / "outputs/sweeps/killed") == numbers(tmp_path / "outputs/sweeps/whole")


def has_four_epochs(history: Path) -> bool:
    return len(history.read_text().splitlines()) > 4


def numbers(sweep: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in sweep.rglob("result.json"):
        record = read_record(path)
        metrics = (record.status, record.test_loss, record.val_loss)
        found[str(path.parent.relative_to(sweep))] = (metrics, (path.parent / "steps.csv").read_text())
    return found
