"""A small study, and a clean Hydra after every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra

from src.runs.record import write_record
from src.sweeps.plan import Job, Plan, make_plan
from src.sweeps.protocol import load_protocol
from src.sweeps.study import Study
from tests.conftest import SMALL
from tests.unit.analysis.conftest import record_of


@pytest.fixture(autouse=True)
def _clean_hydra() -> Iterator[None]:
    yield
    GlobalHydra.instance().clear()


SMALL_PROTOCOL = {"schedulers": ["constant", "step"], "tuning_seeds": [7], "evaluation_seeds": [0, 1], "num_lrs": 3}


def make_study(folder: Path, *overrides: str, **changes: object) -> Study:
    """Two schedules at three learning rates, by default on digits: one tuning seed, two evaluation seeds."""
    GlobalHydra.instance().clear()
    shared = [*(overrides or ("data=digits", "epochs=2")), "model=softmax", "optimizer.lr=0.1"]
    return Study(load_protocol("quick", {**SMALL_PROTOCOL, **changes}), [*shared, f"hydra.sweep.dir={folder}"])


def plain_plan(folder: Path, *overrides: str, dry_run: bool = False) -> Plan:
    """A sweep without a protocol in the folder."""
    return make_plan([*SMALL, f"hydra.sweep.dir={folder}", *overrides], dry_run=dry_run)


def pretend(job: Job, val_loss: float | None = 0.5) -> None:
    """Writes the record that the job's run would leave; without a loss it diverged."""
    status = "diverged" if val_loss is None else "completed"
    write_record(record_of(job.config, val_loss=val_loss, status=status), job.folder)
