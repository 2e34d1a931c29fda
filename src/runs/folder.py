"""The folder of a run: which run claims it, and whether its files can be read and replaced."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from src import layout
from src.errors import FolderTakenError
from src.files import check_file, check_files, check_folder, check_not_link

# Of a run, also if its claim was deleted or, because the run was refused, withdrawn.
_SIGNS = (layout.RECORD, layout.CHECKPOINT, layout.PREVIOUS_CHECKPOINT, layout.LOCK)
_HASH = re.compile(r"[0-9a-f]+")


def check_run_folder(folder: Path) -> None:
    """Checks that a run can use a folder: its files are files, their content would not be written elsewhere.

    Raises:
        UsageError: names the file that is in the way.
        FolderTakenError: the claim is damaged, or files of the user's have the names of a run's.
    """
    if not folder.exists():
        return
    check_files(folder, [*layout.RUN_FILES, *(path.name for path in folder.glob("*.log"))])
    claim = read_claim(folder)
    hydra = folder / layout.HYDRA
    check_folder(hydra)
    check_not_link(hydra)
    configs = sorted(hydra.glob("*.yaml"))
    for path in configs:
        check_file(path)
        check_not_link(path)
    if claim is None and not any((folder / name).exists() for name in _SIGNS):
        _check_no_files(folder, configs)


def _check_no_files(folder: Path, configs: Sequence[Path]) -> None:
    """Keeps a run from replacing files that no run has written: its first file is the claim."""
    curves = [folder / name for name in (layout.HISTORY, layout.STEPS) if (folder / name).exists()]
    if foreign := [*curves, *configs]:
        raise FolderTakenError(
            f"{foreign[0]} is not from a run of this program, which would replace it; move it away or choose another "
            "folder (hydra.run.dir=DIR)"
        )


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
