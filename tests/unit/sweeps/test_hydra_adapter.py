"""The adapter to Hydra's internals."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from omegaconf import DictConfig

from src.sweeps import workers
from src.sweeps.hydra_adapter import compose_multirun
from tests.conftest import ROOT, SMALL


def test_no_other_module_imports_hydra_internals() -> None:
    importers = {
        path.name
        for folder in ("src", "scripts")
        for path in (ROOT / folder).rglob("*.py")
        if "from hydra._internal" in path.read_text() or "import hydra._internal" in path.read_text()
    }
    assert importers == {"hydra_adapter.py"}


def test_combinations_vary_the_last_override_fastest() -> None:
    multirun = compose_multirun(SMALL)
    overrides = ["seed=0,1", "data=digits", "scheduler=step,cosine", "hydra.sweep.dir=x"]
    assert multirun.combinations(overrides) == [
        ("seed=0", "data=digits", "scheduler=step"),
        ("seed=0", "data=digits", "scheduler=cosine"),
        ("seed=1", "data=digits", "scheduler=step"),
        ("seed=1", "data=digits", "scheduler=cosine"),
    ]


def test_job_is_composed_with_its_overrides() -> None:
    job = compose_multirun(SMALL).compose_job(["scheduler=cosine", "seed=3"])
    assert (job.scheduler.name, job.seed) == ("cosine", 3)


def test_launcher_is_known_by_its_class() -> None:
    assert compose_multirun(SMALL).launcher_class == "BasicLauncher"
    assert compose_multirun([*SMALL, "hydra/launcher=joblib"]).launcher_class == "JoblibLauncher"


def test_no_job_is_composed_once_the_sweep_is_stopping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []

    def stop_at_second(cfg: DictConfig) -> None:
        started.append(cfg.seed)
        if len(started) == 2:
            workers._stopping.set()

    monkeypatch.setattr(workers, "_stopping", threading.Event())
    multirun = compose_multirun([*SMALL, f"hydra.sweep.dir={tmp_path}"])
    multirun.launch([[f"seed={seed}"] for seed in range(5)], stop_at_second)
    assert started == [0, 1]
