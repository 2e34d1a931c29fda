"""The folder of a run: which run claims it, and whether its files can be read and replaced."""

from __future__ import annotations

import re
from pathlib import Path

from src import layout
from src.errors import FolderTakenError
from src.files import check_file, check_files, check_folder, check_not_link

_HASH = re.compile(r"[0-9a-f]+")


def check_run_folder(folder: Path) -> None:
    """Checks that a run can use a folder: its files are files, their content would not be written elsewhere.

    Raises:
        UsageError: names the file that is in the way.
        FolderTakenError: the claim is damaged.
    """
    if not folder.exists():
        return
    check_files(folder, [*layout.RUN_FILES, *(path.name for path in folder.glob("*.log"))])
    read_claim(folder)
    hydra = folder / layout.HYDRA
    check_folder(hydra)
    check_not_link(hydra)
    for path in hydra.glob("*.yaml"):
        check_file(path)
        check_not_link(path)


def read_claim(folder: Path) -> str | None:
    """The config hash of the run that claims the folder; None if none does.

    Raises:
        FolderTakenError: the claim cannot be read.
        UsageError: it is not a file.
    """
    path = folder / layout.CONFIG_HASH
    check_file(path)
    if not path.exists():
        return None
    claim = path.read_bytes().decode(errors="replace").strip()
    if not _HASH.fullmatch(claim):
        raise FolderTakenError(
            f"{path} is damaged, so nothing says which run {folder} holds; delete that file if it is this run"
        )
    return claim
