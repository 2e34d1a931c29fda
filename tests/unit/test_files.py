"""Files are written completely or not at all."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from src.errors import UsageError
from src.files import check_not_link, lock_folder, replacing, set_aside, write_text
from tests.conftest import environment

Make = Callable[[Path], None]
OBSTACLES: list[tuple[Make, str]] = [(Path.mkdir, "a folder"), (os.mkfifo, "a named pipe")]


def test_file_is_replaced_completely(tmp_path: Path) -> None:
    path = tmp_path / "new" / "record.json"
    write_text(path, "first")
    write_text(path, "second")
    assert path.read_text() == "second"
    assert [file.name for file in path.parent.iterdir()] == ["record.json"]


def test_error_keeps_the_old_file_and_leaves_no_other(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    write_text(path, "old")

    def write_and_interrupt() -> None:
        with replacing(path) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_and_interrupt()
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_file_has_default_permissions(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    write_text(path, "")
    ordinary = tmp_path / "ordinary"
    ordinary.touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(ordinary.stat().st_mode)


@pytest.mark.parametrize(("make", "kind"), OBSTACLES)
def test_something_else_in_the_place_of_a_file_is_refused_and_stays(make: Make, kind: str, tmp_path: Path) -> None:
    make(tmp_path / "record.json")
    with pytest.raises(UsageError) as error:
        write_text(tmp_path / "record.json", "text")
    assert str(error.value) == f"{tmp_path}/record.json is {kind}, not a file; move it away"
    assert [path.name for path in tmp_path.iterdir()] == ["record.json"]
    assert not (tmp_path / "record.json").is_file()


def test_link_is_replaced_and_its_target_stays(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("old")
    (tmp_path / "record.json").symlink_to(tmp_path / "mine")
    write_text(tmp_path / "record.json", "new")
    assert ((tmp_path / "mine").read_text(), (tmp_path / "record.json").read_text()) == ("old", "new")
    assert not (tmp_path / "record.json").is_symlink()


def test_link_where_its_target_would_be_overwritten_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("old")
    (tmp_path / ".lock").symlink_to(tmp_path / "mine")
    for refuse in (lambda: check_not_link(tmp_path / ".lock"), lambda: lock_folder(tmp_path, "in use")):
        with pytest.raises(UsageError, match=r"\.lock is a symbolic link to .*/mine, which would be overwritten"):
            refuse()
    assert (tmp_path / "mine").read_text() == "old"


KILLED = """
import os, signal, sys
from pathlib import Path
from src.files import replacing
with replacing(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_temporary_file_of_a_killed_process_is_deleted_by_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "figures" / "lr_curves.png"
    path.parent.mkdir()
    done = subprocess.run([sys.executable, "-c", KILLED, path], env=environment(), check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    (leftover,) = path.parent.iterdir()
    assert leftover.read_bytes() == b"half"
    write_text(path.with_name("other.svg"), "")
    assert [file.name for file in path.parent.iterdir()] == ["other.svg"]


def test_temporary_file_that_is_being_written_stays(tmp_path: Path) -> None:
    with replacing(tmp_path / "slow.png") as file:
        os.utime(file.fileno(), (0, 0))  # however old it is
        write_text(tmp_path / "fast.png", "")
        file.write(b"whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fast.png", "slow.png"]
    assert (tmp_path / "slow.png").read_bytes() == b"whole"


def test_files_of_others_are_no_leftovers(tmp_path: Path) -> None:
    names = [".notes.tmp", f"table.csv.{32 * 'a'}.tmp", f".table.csv.{32 * 'a'}", f".table.csv.{31 * 'a'}.tmp"]
    for name in names:
        (tmp_path / name).touch()
    write_text(tmp_path / "table.csv", "")
    assert {path.name for path in tmp_path.iterdir()} == {"table.csv", *names}


def test_file_that_is_set_aside_replaces_no_other(tmp_path: Path) -> None:
    names = []
    for text in "abc":
        (tmp_path / "steps.csv").write_text(text)
        names.append(set_aside(tmp_path / "steps.csv").name)
    assert names == ["steps.damaged.csv", "steps.damaged2.csv", "steps.damaged3.csv"]
    assert [(tmp_path / name).read_text() for name in names] == ["a", "b", "c"]


def test_bytes_of_a_path_that_are_no_characters_are_written_as_escapes(tmp_path: Path) -> None:
    write_text(tmp_path / "runs.csv", os.fsdecode(b"runs/\xff,\xc3\xa9"))
    assert (tmp_path / "runs.csv").read_text() == "runs/\\udcff,é"
