"""The same sweep on every launcher of more than one process: the tables of basic, also where it is stopped."""

from __future__ import annotations

import importlib.util
import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.conftest import start
from tests.integration.test_protocol import TINY, assert_same_tables
from tests.integration.test_protocol import undisturbed as undisturbed
from tests.integration.test_sweep import LONG, started_sweep

pytestmark = pytest.mark.slow

PLUGINS = {"joblib": "hydra_joblib_launcher", "submitit_local": "hydra_submitit_launcher", "ray": "hydra_ray_launcher"}


@pytest.fixture(params=PLUGINS)
def launcher(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if importlib.util.find_spec(f"hydra_plugins.{PLUGINS[name]}") is None:
        pytest.skip(f"{PLUGINS[name]} is not installed")
    return name


def test_it_ends_in_the_tables_of_basic(launcher: str, tmp_path: Path, undisturbed: Path) -> None:
    process = start([*TINY, f"hydra/launcher={launcher}"], tmp_path)
    out, err = process.communicate(timeout=400)
    assert process.returncode == 0, out + err
    assert "Traceback" not in out + err
    assert_same_tables(tmp_path, undisturbed)


def test_it_stops_at_checkpoints_and_goes_on_from_them(launcher: str, tmp_path: Path) -> None:
    arguments = [*LONG, "epochs=12", "trainer.num_threads=1", f"hydra/launcher={launcher}"]
    process, sweep = started_sweep(arguments, tmp_path)
    process.send_signal(signal.SIGINT)  # to the master alone: workers elsewhere hear of it from nobody else
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, out + err
    assert "the same command goes on from here" in out
    assert "interrupted" in {json.loads(path.read_text())["status"] for path in sweep.glob("runs/**/result.json")}
    assert left_behind(tmp_path) == []
    again = start(arguments, tmp_path)
    out, err = again.communicate(timeout=400)
    assert again.returncode == 0, out + err
    assert not (sweep / ".stop").exists()
    (tmp_path / "basic").mkdir()
    start([*arguments, "hydra/launcher=basic"], tmp_path / "basic").communicate(timeout=120)
    assert_same_tables(tmp_path, tmp_path / "basic")


def left_behind(folder: Path) -> list[str]:
    """The command lines of live processes that work in `folder`."""
    pids = subprocess.run(["pgrep", "."], capture_output=True, text=True).stdout.split()
    return [Path(f"/proc/{pid}/cmdline").read_text() for pid in pids if _works_in(folder, pid)]


def _works_in(folder: Path, pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == folder.resolve()
    except OSError:  # it has ended, or it is another user's
        return False
