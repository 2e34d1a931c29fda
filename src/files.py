"""Files that are replaced as a whole, CSV files, and folders that one process holds at a time."""

from __future__ import annotations

import csv
import io
import logging
import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from filelock import BaseFileLock, FileLock, Timeout

from src import layout
from src.errors import FolderInUseError, UsageError

log = logging.getLogger(__name__)

_POLL_SECONDS = 0.5


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Opens a temporary file next to `path`; once the block succeeds, flushes it and renames it to `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    with replacing(path) as file:
        file.write(text.encode())


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Iterable[object]]) -> None:
    write_text(path, csv_text([columns, *rows]))


def append_csv(path: Path, rows: Iterable[Iterable[object]]) -> None:
    with open(path, "a", newline="") as file:
        file.write(csv_text(rows))


def read_csv(path: Path) -> list[list[str]]:
    """The rows below the header; an empty list if there is no such file."""
    if not path.exists():
        return []
    with open(path, newline="") as file:
        return list(csv.reader(file))[1:]


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Rows as CSV with Unix line endings; floats keep full precision."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def lock_folder(folder: Path, in_use: str, *, keep_waiting: Callable[[], bool] | None = None) -> BaseFileLock:
    """Creates the folder and locks it. The caller releases the lock; it also ends with the process.

    Args:
        folder: The folder to hold.
        in_use: What another process that holds it is doing, for the error message.
        keep_waiting: Wait for that process as long as this returns True; None raises at once.

    Raises:
        FolderInUseError: another process holds the folder.
        UsageError: it is not writable.
    """
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
