"""Files that are replaced as a whole, CSV files, and folders that one process holds at a time."""

from __future__ import annotations

import csv
import io
import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from filelock import BaseFileLock, FileLock, Timeout

from src import layout
from src.errors import UsageError


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


def lock_folder(folder: Path, in_use: str, *, wait: bool = False) -> BaseFileLock:
    """Creates the folder and locks it. The caller releases the lock; it also ends with the process.

    Args:
        folder: The folder to hold.
        in_use: What another process that holds it is doing, for the error message.
        wait: Wait for that process instead of raising.

    Raises:
        UsageError: another process holds the folder, or it is not writable.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / layout.LOCK)
        lock.acquire(timeout=-1 if wait else 0)
    except Timeout:
        raise UsageError(f"{folder} is in use: {in_use}") from None
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}") from error
    return lock
