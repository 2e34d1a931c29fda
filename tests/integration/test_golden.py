"""Six small CPU runs whose numbers must not move.

`golden.json` holds every learning rate and loss of each run. On the kind of processor that wrote it, with the same
torch, runs must equal it bit for bit. Elsewhere kernels add in another order: there the learning rates must agree to
1e-9, losses and accuracies to 0.1, because training amplifies rounding.

`python -m tests.integration.test_golden` writes it anew. Whoever does so says in the commit which number moved and why.
"""

from __future__ import annotations

import csv
import json
import os
import platform
import signal
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from src.errors import EXIT_INTERRUPTED
from src.training.callbacks import Callback
from tests.integration.conftest import call_main

GOLDEN = Path(__file__).with_name("golden.json")
STOP_STEP = 27  # inside the second epoch of 20 updates
SHARED = ("data=digits", "batch_size=64", "epochs=4", "trainer.num_threads=1", "seed=3")
CASES: dict[str, tuple[str, ...]] = {
    "sgd_step_dropout": ("optimizer=sgd", "scheduler=step", "model=mlp", "model.dropout=0.3"),
    "adamw_plateau_batch_norm": (
        "optimizer=adamw", "scheduler=plateau", "scheduler.patience=0", "scheduler.threshold=0.5", "model=mlp_bn",
    ),
    "schedule_free_one_cycle_batch_norm": (
        "optimizer=schedule_free_sgd", "scheduler=one_cycle", "scheduler.cycle_momentum=false", "model=mlp_bn",
    ),
    "sgd_one_cycle_ema_warmup": (
        "optimizer=sgd", "scheduler=one_cycle", "averaging=ema", "model=lenet", "warmup=0.1", "epochs=2",
    ),
    "adamw_step_dropout_accumulated": (
        "optimizer=adamw", "scheduler=step", "model=mlp", "model.dropout=0.3", "trainer.accumulate_batches=2",
        "trainer.clip_grad_norm=1.0", "trainer.label_smoothing=0.1", "averaging=swa",
    ),
    "nesterov_plateau_resumed": (
        "optimizer=nesterov", "scheduler=plateau", "scheduler.patience=0", "scheduler.threshold=0.5", "model=mlp",
        "model.dropout=0.3", "averaging=ema", f"+callbacks.stop._target_={__name__}.StopOnce",
    ),
}  # fmt: skip


class StopOnce(Callback):
    """Sends the process SIGTERM after an update in the middle of an epoch, which a resumed run is already past."""

    def on_step(self, trainer: Any) -> None:
        if trainer.progress.step == STOP_STEP:
            os.kill(os.getpid(), signal.SIGTERM)


def run(name: str, folder: Path) -> dict[str, Any]:
    """Every number that one case leaves behind, started as a user starts it."""
    arguments = [*SHARED, *CASES[name], f"hydra.run.dir={folder}"]
    if name.endswith("resumed"):
        assert call_main(*arguments) == EXIT_INTERRUPTED
    assert call_main(*arguments) == 0
    record = json.loads((folder / "result.json").read_text())
    results = {key: record[key] for key in sorted(record) if key.endswith(("_loss", "_accuracy"))}
    return {
        "results": results,
        "history": [row[:-1] for row in rows(folder / "history.csv")],  # the last column is a clock's
        "steps": rows(folder / "steps.csv"),
    }


def rows(path: Path) -> list[list[float]]:
    with open(path, newline="") as file:
        return [[float(cell) for cell in row] for row in list(csv.reader(file))[1:]]


def processor() -> str:
    """What decides in which order kernels add."""
    return f"torch {torch.__version__}, {platform.machine()} {torch.backends.cpu.get_cpu_capability()}"


@pytest.mark.parametrize("name", CASES)
def test_no_number_moved(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    golden = json.loads(GOLDEN.read_text())
    found = run(name, tmp_path / "run")
    if processor() == golden["processor"]:
        assert found == golden["runs"][name]
        return
    expected = golden["runs"][name]
    for part in ("history", "steps"):
        rates, golden_rates = ([row[: num_exact(part)] for row in runs[part]] for runs in (found, expected))
        assert rates == pytest.approx(np.array(golden_rates), rel=1e-9, abs=0)  # a schedule has no kernels
        for row, golden_row in zip(found[part], expected[part], strict=True):
            assert row == pytest.approx(golden_row, rel=0.1, abs=0.1)
    results, golden_results = (without_missing(runs["results"]) for runs in (found, expected))
    assert results == pytest.approx(golden_results, rel=0.1, abs=0.1)


def num_exact(part: str) -> int:
    """How many columns of a file do not depend on the processor: epoch, step and learning rate."""
    return {"history": 3, "steps": 2}[part]


def without_missing(results: dict[str, Any]) -> dict[str, float]:
    return {name: value for name, value in results.items() if value is not None}


def test_every_golden_schedule_moves() -> None:
    runs = json.loads(GOLDEN.read_text())["runs"]
    assert set(runs) == set(CASES)
    for name, numbers in runs.items():
        lrs = [lr for _, lr, _ in numbers["steps"]]
        assert len(set(lrs)) > 1, f"{name}: the schedule never moved"


def main() -> None:
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        runs = {name: run(name, Path(folder) / name) for name in CASES}
    content = {"processor": processor(), "runs": runs}
    GOLDEN.write_text(json.dumps(content, indent=None, separators=(",", ":")).replace('],"', '],\n"') + "\n")


if __name__ == "__main__":
    main()
