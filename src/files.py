"""Files that are either whole or absent: temporary name, flush, rename."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from filelock import BaseFileLock, FileLock, Timeout

from src.errors import UsageError


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Opens a temporary file beside `path` and renames it to `path` once the block ends without an error."""
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


LOCK_FILE = ".lock"


def lock_folder(folder: Path, in_use: str, *, wait: bool = False) -> BaseFileLock:
    """Makes the folder and locks it; the lock is the caller's to release, and goes with its process.

    Raises:
        UsageError: another process holds it, of which `in_use` says what it does, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / LOCK_FILE)
        lock.acquire(timeout=-1 if wait else 0)
    except Timeout:
        raise UsageError(f"{folder} is in use: {in_use}") from None
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}") from error
    return lock
