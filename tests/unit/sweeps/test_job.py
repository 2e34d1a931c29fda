"""How the lines of a job name it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from src.sweeps import job, launch
from src.sweeps.plan import make_plan
from tests.conftest import SMALL
from tests.unit.analysis.conftest import record_of


def test_lines_of_a_job_name_what_varies_in_the_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labels: list[str] = []
    monkeypatch.setattr(job, "run_here", lambda cfg, config, folder, **options: record_of(config))
    monkeypatch.setattr(job, "log_outcome", lambda record, label: labels.append(label))
    monkeypatch.setattr(job.workers, "install_worker_handlers", lambda folder: None)
    monkeypatch.setattr(logging.root, "level", logging.WARNING)  # Hydra sets it
    without_logs = ["hydra/job_logging=none", "hydra/hydra_logging=none"]
    sweep = ["scheduler=step,cosine", "batch_size=32,64", "seed=3", f"hydra.sweep.dir={tmp_path}"]
    plan = make_plan([*SMALL, *without_logs, *sweep])
    launch._launch(plan, plan.jobs)
    assert labels == [
        "[1] step lr=0.02 batch_size=32 seed=3: ",
        "[2] cosine lr=0.02 batch_size=32 seed=3: ",
        "[3] step lr=0.02 batch_size=64 seed=3: ",
        "[4] cosine lr=0.02 batch_size=64 seed=3: ",
    ]
