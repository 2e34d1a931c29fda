"""Folders that a command line names for results."""

from __future__ import annotations

from pathlib import Path

from src.errors import UsageError


def output_folder(key: str, text: str) -> Path:
    """The folder of `out=DIR`.

    Raises:
        UsageError: it has no name, or a file is in its place.
    """
    if not text.strip():
        raise UsageError(f"{key}=: needs the name of a folder")
    folder = Path(text)
    if files := [path for path in (folder, *folder.parents) if path.exists() and not path.is_dir()]:
        raise UsageError(f"{key}={text}: cannot be written: Not a directory: {files[0]}; name another folder")
    return folder


def check_own_folder(key: str, text: str) -> None:
    """Rejects the folder of a run or a sweep if it holds more than that.

    Raises:
        UsageError: it is the current folder, or one that contains it.
    """
    if Path.cwd().is_relative_to(Path(text).resolve()):
        raise UsageError(
            f"{key}={text}: results need a folder of their own, and this one holds the current folder; name another, "
            f"as in {key}=outputs/mine, or leave it out"
        )
