"""Every launcher with several processes gives the tables of the basic one, also after it was stopped."""

from __future__ import annotations

import importlib.util
import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT, SMALL, start
from tests.integration.test_protocol import KILLED, TINY, assert_same_tables
from tests.integration.test_protocol import undisturbed as undisturbed

pytestmark = pytest.mark.slow

SWEEP = str(ROOT / "scripts" / "sweep.py")
PLUGINS = {"joblib": "hydra_joblib_launcher", "submitit_local": "hydra_submitit_launcher", "ray": "hydra_ray_launcher"}
LONG = [
    SWEEP, *(line for line in SMALL if not line.startswith("epochs=")), "epochs=12", "model=lenet",
    "schedulers=[step]", "seeds=[0,1,2]", "name=mine", "trainer.num_threads=1",
]  # fmt: skip


@pytest.fixture(params=PLUGINS)
def launcher(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if importlib.util.find_spec(f"hydra_plugins.{PLUGINS[name]}") is None:
        pytest.skip(f"{PLUGINS[name]} is not installed")
    return name


def test_protocol_ends_in_tables_of_basic_launcher(launcher: str, tmp_path: Path, undisturbed: Path) -> None:
    (tmp_path / "killed.py").write_text(KILLED)
    process = start([SWEEP, *TINY, f"hydra/launcher={launcher}"], tmp_path, PYTHONPATH=f"{ROOT}:{tmp_path}")
    out, err = process.communicate(timeout=400)
    assert process.returncode == 0, out + err
    assert "Traceback" not in out + err
    assert_same_tables(tmp_path, undisturbed)


def test_sweep_stops_at_checkpoints_and_resumes_from_them(launcher: str, tmp_path: Path) -> None:
    arguments = [*LONG, f"hydra/launcher={launcher}"]
    process, sweep = start_sweep(arguments, tmp_path)
    process.send_signal(signal.SIGINT)  # to the main process only: it must tell workers that are not its children
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, out + err
    assert "run the same command to resume" in out
    assert "interrupted" in {json.loads(path.read_text())["status"] for path in sweep.glob("runs/**/result.json")}
    assert processes_in(tmp_path) == []
    again = start(arguments, tmp_path)
    out, err = again.communicate(timeout=400)
    assert again.returncode == 0, out + err
    assert not (sweep / ".stop").exists()
    (tmp_path / "basic").mkdir()
    start([*arguments, "hydra/launcher=basic"], tmp_path / "basic").communicate(timeout=120)
    assert_same_tables(tmp_path, tmp_path / "basic")


def start_sweep(arguments: list[str], folder: Path) -> tuple[subprocess.Popen[str], Path]:
    """Starts a sweep and waits until two of its runs are in progress and have a checkpoint."""
    process = start(arguments, folder)
    sweep = folder / "outputs" / "sweeps" / "mine"
    deadline = time.monotonic() + 90
    while len(list(sweep.glob("runs/**/checkpoint.pt"))) < 2:
        assert process.poll() is None, "the sweep ended before it could be stopped"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return process, sweep


def processes_in(folder: Path) -> list[str]:
    """The command lines of live processes that work in `folder`."""
    pids = subprocess.run(["pgrep", "."], capture_output=True, text=True).stdout.split()
    return [Path(f"/proc/{pid}/cmdline").read_text() for pid in pids if _works_in(folder, pid)]


def _works_in(folder: Path, pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == folder.resolve()
    except OSError:  # the process has ended, or belongs to another user
        return False
