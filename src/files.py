"""Files that are replaced as a whole, what may be in their place, and folders that one process holds at a time."""

from __future__ import annotations

import fcntl
import itertools
import logging
import os
import re
import stat
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from filelock import BaseFileLock, FileLock, Timeout

from src import layout
from src.errors import FolderInUseError, UsageError

log = logging.getLogger(__name__)

_POLL_SECONDS = 0.5
_TEMPORARY_NAME = re.compile(r"\..+\.[0-9a-f]{32}\.tmp")


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Opens a temporary file next to `path`; once the block succeeds, flushes it and renames it to `path`.

    Temporary files in the folder that a killed process left behind are deleted.

    Raises:
        UsageError: a folder or a pipe is in the place of the file.
    """
    check_file(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _delete_leftovers(path.parent)
    temporary, file = _open_temporary(path)
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            temporary.replace(path)  # while it is locked
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _open_temporary(path: Path) -> tuple[Path, IO[bytes]]:
    """A new file next to `path`. Its lock, which ends with the process, tells others that it is in use."""
    while True:
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
        file = open(temporary, "xb")  # noqa: SIM115 - the caller closes it
        with suppress(OSError):  # a file system without locks, on which no temporary file is ever deleted
            fcntl.flock(file, fcntl.LOCK_EX)
        if temporary.exists():
            return temporary, file
        file.close()  # another process deleted it before it was locked


def _delete_leftovers(folder: Path) -> None:
    """Deletes temporary files that no process has locked."""
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if _TEMPORARY_NAME.fullmatch(entry.name)]
    for path in map(folder.joinpath, names):
        with suppress(OSError), open(path, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()


def write_text(path: Path, text: str) -> None:
    with replacing(path) as file:
        file.write(text.encode(errors="backslashreplace"))  # a path may have bytes that are no characters


def check_file(path: Path) -> None:
    """Checks that `path` is a file, a link to one, or absent.

    Raises:
        UsageError: it is a folder, a pipe, which would be read forever, or the like.
    """
    try:
        mode = path.stat().st_mode
    except OSError:  # it is absent, or the attempt to open it will say why
        return
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a named pipe" if stat.S_ISFIFO(mode) else "a device or a socket"
        raise UsageError(f"{path} is {kind}, not a file; move it away")


def check_files(folder: Path, names: Iterable[str]) -> None:
    """`check_file` for several names in a folder."""
    for name in names:
        check_file(folder / name)


def check_folder(path: Path) -> None:
    """Checks that `path` is a folder, a link to one, or absent.

    Raises:
        UsageError: it is something else.
    """
    if path.exists() and not path.is_dir():
        raise UsageError(f"{path} is not a folder; move it away")


def check_not_link(path: Path) -> None:
    """Checks that writing to `path` does not write elsewhere.

    Raises:
        UsageError: it is a symbolic link.
    """
    if path.is_symlink():
        raise UsageError(f"{path} is a symbolic link to {path.readlink()}, which would be overwritten; move it away")


def set_aside(path: Path) -> Path:
    """Renames a damaged file, `a.csv`, to `a.damaged.csv`, or `a.damaged2.csv` if that exists; returns the new path."""
    names = (f".damaged{number if number > 1 else ''}{path.suffix}" for number in itertools.count(1))
    return path.rename(next(aside for aside in map(path.with_suffix, names) if not aside.exists()))


def lock_folder(folder: Path, in_use: str, *, keep_waiting: Callable[[], bool] | None = None) -> BaseFileLock:
    """Creates the folder and locks it. The caller releases the lock; it also ends with the process.

    Args:
        folder: The folder to hold.
        in_use: What another process that holds it is doing, for the error message.
        keep_waiting: Wait for that process as long as this returns True; None raises at once.

    Raises:
        FolderInUseError: another process holds the folder.
        UsageError: it is not writable, or its lock is not a file.
    """
    check_file(folder / layout.LOCK)
    check_not_link(folder / layout.LOCK)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / layout.LOCK)
        if not _acquire(lock, 0) and not (keep_waiting and _wait_for(lock, folder, in_use, keep_waiting)):
            raise FolderInUseError(f"{folder} is in use: {in_use}")
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}") from error
    return lock


def _wait_for(lock: BaseFileLock, folder: Path, in_use: str, keep_waiting: Callable[[], bool]) -> bool:
    """Waits for the lock; whether it was acquired."""
    log.info("Waiting for %s: %s", folder, in_use)
    while keep_waiting():
        if _acquire(lock, _POLL_SECONDS):
            return True
    return False


def _acquire(lock: BaseFileLock, seconds: float) -> bool:
    try:
        lock.acquire(timeout=seconds)
    except Timeout:
        return False
    return True
