"""A disk, of ten sizes, that becomes full while a command runs: it says so, and with room again it completes."""

from __future__ import annotations

import math
import random
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, SMALL, environment
from tests.faults.campaign import NUM_DISK_SIZES, Count
from tests.faults.equality import assert_same_results

pytestmark = pytest.mark.faults

SWEEP = str(ROOT / "scripts" / "sweep.py")
COMMANDS = {
    "run": ("-m", "src.train", *SMALL, "hydra.run.dir=outputs/run"),
    "sweep": (SWEEP, *SMALL, "schedulers=[step]", "seeds=[0,1]", "name=mine", "hydra/launcher=basic"),
}
ROOM = "64m"
LARGEST = 0.9  # of the room that all files of the command need
# Runs the command on a small disk, makes room, runs it again and copies the results to `results`.
SCRIPT = """
set -u
mkdir outputs
mount -t tmpfs -o size={size}k none outputs
{command} > first.txt 2>&1
echo $? > first.status
mount -o remount,size={room} outputs
{command} > second.txt 2>&1
echo $? > second.status
cp -a outputs results
"""


@pytest.fixture(scope="module")
def own_mounts() -> list[str]:
    """The command that runs a shell which may mount a disk that nobody else sees."""
    prefix = ["unshare", "--mount", "--map-root-user"]
    if shutil.which("unshare") is None or subprocess.run([*prefix, "true"], check=False).returncode:
        pytest.skip("this system lets nobody mount a disk of their own (unshare --mount --map-root-user)")
    return prefix


@pytest.fixture(scope="module", params=COMMANDS)
def undisturbed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The name of a command, and a folder in which it ran with enough room."""
    folder = tmp_path_factory.mktemp("undisturbed")
    arguments = [sys.executable, *COMMANDS[request.param]]
    subprocess.run(arguments, cwd=folder, env=environment(), check=True, capture_output=True, timeout=120)
    return request.param, folder


@pytest.mark.parametrize("part", range(5))
def test_command_on_a_full_disk_says_so_and_with_room_again_ends_in_the_same_results(
    part: int, own_mounts: list[str], undisturbed: tuple[str, Path], tmp_path: Path, rng: random.Random, count: Count
) -> None:
    name, expected = undisturbed
    parts = NUM_DISK_SIZES[name]
    size = 4 + int(LARGEST * kilobytes(expected / "outputs") * (part + rng.random()) / parts)
    command = shlex.join([sys.executable, *COMMANDS[name]])
    script = SCRIPT.format(size=size, command=command, room=ROOM)
    subprocess.run([*own_mounts, "bash", "-c", script], cwd=tmp_path, env=environment(), check=True, timeout=240)
    first, second = ((tmp_path / f"{time}.txt").read_text() for time in ("first", "second"))
    status = int((tmp_path / "first.status").read_text())
    assert "Traceback" not in first, first
    assert status in (1, 2), f"{size}k: {first}"
    assert "No space left on device" in first, first
    count(f"full disks: {name}", 1)
    assert (tmp_path / "second.status").read_text() == "0\n", second
    (tmp_path / "outputs").rmdir()
    (tmp_path / "results").rename(tmp_path / "outputs")
    assert_same_results(tmp_path, expected)


def kilobytes(folder: Path) -> int:
    """The room that all files take in blocks of 4 KiB."""
    return 4 * sum(math.ceil(path.stat().st_size / 4096) for path in folder.rglob("*") if path.is_file())
