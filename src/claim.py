"""A folder held by one process at a time."""

from __future__ import annotations

from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from src.errors import UsageError

LOCK_FILE = ".lock"


def claim(folder: Path, in_use: str, *, wait: bool = False) -> BaseFileLock:
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
