"""MLflow with a local database and Weights & Biases offline; skipped where they are not installed."""

from __future__ import annotations

import importlib.util
import sqlite3
from pathlib import Path

import pytest

from tests.conftest import ROOT, SMALL, Command

pytestmark = pytest.mark.slow

TRAIN = ["-m", "src.train", *SMALL, "hydra.run.dir=run"]
PAUSE = """
from pathlib import Path
from src.callbacks import Callback

class Pause(Callback):
    def on_epoch_end(self, trainer, result):
        if not Path("go").exists():
            trainer.stop.request()
"""


def require(package: str) -> None:
    if importlib.util.find_spec(package) is None:  # importing it would raise warnings of its own
        pytest.skip(f"{package} is not installed")


def stop_and_resume(command: Command, folder: Path, *arguments: str) -> None:
    """Interrupts a run in its second epoch and gives the same command again."""
    (folder / "pause.py").write_text(PAUSE)
    arguments = (*TRAIN, *arguments, "+callbacks.pause._target_=pause.Pause")
    environment = {"PYTHONPATH": f"{ROOT}:{folder}"}
    stopped = command(*arguments, timeout=300, **environment)
    assert stopped.returncode == 130, stopped.stdout + stopped.stderr
    (folder / "go").touch()
    resumed = command(*arguments, timeout=300, **environment)
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert "Traceback" not in stopped.stderr + resumed.stderr


def test_resumed_run_is_one_run_in_mlflow(command: Command, tmp_path: Path) -> None:
    require("mlflow")
    uri = "callbacks.mlflow.tracking_uri=sqlite:///mlflow.db"
    stop_and_resume(command, tmp_path, "+callbacks=mlflow", uri)
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        runs = database.execute("select name, status from runs").fetchall()
        metrics = database.execute("select key, step, value from metrics order by key, step").fetchall()
        params = dict(database.execute("select key, value from params").fetchall())
        tags = dict(database.execute("select key, value from tags").fetchall())
    assert runs == [("constant lr=0.02 seed=0", "FINISHED")]
    assert [(key, step) for key, step, _ in metrics if key in ("val/loss", "test/loss")] == [
        ("test/loss", 40),
        ("val/loss", 20),
        ("val/loss", 40),
    ]
    assert params["optimizer.lr"] == "0.02"
    assert tags["status"] == "completed"


def test_workers_of_a_sweep_share_a_new_mlflow_database(command: Command, tmp_path: Path) -> None:
    require("mlflow")
    arguments = ["schedulers=[step,cosine]", "seeds=[0,1]", "hydra.launcher.n_jobs=2", "name=mine", "+callbacks=mlflow"]
    uri = "callbacks.mlflow.tracking_uri=sqlite:///mlflow.db"
    done = command(str(ROOT / "scripts" / "sweep.py"), *SMALL, *arguments, uri, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        assert database.execute("select status from runs").fetchall() == [("FINISHED",)] * 4


def test_resumed_run_is_one_run_in_wandb(command: Command, tmp_path: Path) -> None:
    require("wandb")
    stop_and_resume(command, tmp_path, "+callbacks=wandb", "callbacks.wandb.mode=offline")
    files = sorted((tmp_path / "run" / "wandb").glob("offline-run-*/run-*.wandb"))
    assert len(files) == 2  # `wandb sync` joins them: they have one id
    assert {path.stem for path in files} == {f"run-{(tmp_path / 'run' / '.wandb_run').read_text()}"}
