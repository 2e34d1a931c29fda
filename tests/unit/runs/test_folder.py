"""What is in the way of a run in its folder is refused, and stays."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from src.errors import FolderTakenError, UsageError
from src.files import write_text
from src.runs.folder import check_run_folder, read_claim
from src.runs.run import run
from tests.conftest import small_config

Make = Callable[[Path], None]
FILES = ["result.json", "history.csv", "steps.csv", "checkpoint.pt", ".config_hash", ".lock", "train.log"]


def link(path: Path) -> None:
    target = path.parent / "mine"
    target.write_text("mine")
    path.symlink_to(target)


def contents(folder: Path) -> dict[str, bytes | None]:
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.mark.parametrize(
    ("name", "make", "problem"),
    [
        *((name, Path.mkdir, "is a folder, not a file") for name in FILES),
        *((name, os.mkfifo, "is a named pipe, not a file") for name in FILES),
        (".lock", link, "is a symbolic link to .*/mine, which would be overwritten"),
        (".hydra", link, "is not a folder"),
        (".hydra", Path.touch, "is not a folder"),
        (".hydra/config.yaml", link, "is a symbolic link to .*/mine, which would be overwritten"),
        (".hydra/hydra.yaml", Path.mkdir, "is a folder, not a file"),
        (".hydra/overrides.yaml", os.mkfifo, "is a named pipe, not a file"),
    ],
)
def test_obstacle_is_refused_and_stays(name: str, make: Make, problem: str, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    make(tmp_path / name)
    before = contents(tmp_path)
    with pytest.raises(UsageError, match=f"{name} {problem}; move it away"):
        run(small_config(), tmp_path, on_claim=lambda: pytest.fail("claimed"))
    assert contents(tmp_path) == before


def test_link_in_the_place_of_the_hydra_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".hydra").symlink_to(tmp_path / "mine")
    with pytest.raises(UsageError, match=r"\.hydra is a symbolic link"):
        check_run_folder(tmp_path / "run")


@pytest.mark.parametrize("name", ["history.csv", "steps.csv", ".hydra/config.yaml"])
def test_file_that_no_run_wrote_is_refused_and_stays(name: str, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine")
    before = contents(tmp_path)
    with pytest.raises(FolderTakenError, match=rf"{name} is not from a run of this program, which would replace it"):
        run(small_config(), tmp_path, on_claim=lambda: pytest.fail("claimed"))
    assert contents(tmp_path) == before


def test_folder_of_a_refused_run_is_free_once_the_cause_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with pytest.raises(UsageError, match="Invalid momentum"):
        run(
            small_config("optimizer.momentum=-1"),
            folder,
            on_claim=lambda: write_text(folder / ".hydra/config.yaml", ""),
        )
    assert (folder / ".hydra" / "config.yaml").exists()
    assert run(small_config(), folder).status == "completed"


def test_folder_that_is_new_empty_or_in_use_by_a_run_is_free(tmp_path: Path) -> None:
    check_run_folder(tmp_path / "new")
    check_run_folder(tmp_path)
    run(small_config(), tmp_path)
    (tmp_path / "result.json").rename(tmp_path / "elsewhere.json")
    (tmp_path / "result.json").symlink_to(tmp_path / "elsewhere.json")
    check_run_folder(tmp_path)
    assert run(small_config(), tmp_path).status == "completed"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", bytes(17), b"another run\n"])
def test_damaged_claim_is_refused_with_the_remedy(content: bytes, tmp_path: Path) -> None:
    (tmp_path / ".config_hash").write_bytes(content)
    with pytest.raises(FolderTakenError, match=r"\.config_hash is damaged, .*; delete that file if it is this run"):
        run(small_config(), tmp_path)
    assert (tmp_path / ".config_hash").read_bytes() == content
    (tmp_path / ".config_hash").unlink()
    assert run(small_config(), tmp_path).status == "completed"


def test_claim_is_the_config_hash(tmp_path: Path) -> None:
    assert read_claim(tmp_path) is None
    record = run(small_config(), tmp_path)
    assert read_claim(tmp_path) == record.config_hash
