"""Errors that end in one clear message instead of a traceback, and the exit statuses."""

from __future__ import annotations

import argparse
import errno
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from src.unread import discard_stdout, flush_stdout

STORAGE_ERRORS = (
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.ENOTDIR,
    errno.EEXIST, errno.ENAMETOOLONG,
)  # fmt: skip
EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED = 1, 2, 130


class UsageError(Exception):
    """The request cannot be carried out. The message names the value and the remedy."""


class DataUnavailableError(UsageError):
    """A data set is neither on disk nor downloadable."""


class FolderTakenError(UsageError):
    """The run folder belongs to another run."""


class FolderInUseError(UsageError):
    """Another process holds the folder."""


class ArgumentParser(argparse.ArgumentParser):
    """A parser of command lines that ends in one line, where argparse prints its usage as well."""

    def error(self, message: str) -> NoReturn:
        sys.exit(refuse(UsageError(f"{message}; --help lists the options")))

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """Ends the process after --help, also where nobody reads all of it."""
        flush_stdout()
        super().exit(status, message)


def storage_error(error: OSError) -> UsageError:
    """A full, read-only or forbidden disk, with the remedy."""
    place = error.filename or "the output folder"
    remedy = "make room or choose another folder, and repeat the command"
    return UsageError(f"{place} cannot be written: {error.strerror}; {remedy}")


def refuse(error: Exception) -> int:
    """Prints the error message; returns the exit status."""
    print(f"error: {error}", file=sys.stderr)
    return EXIT_USAGE


@contextmanager
def ending_in_one_line() -> Iterator[None]:
    """Wraps a command: a UsageError, a full or forbidden disk, or Ctrl-C ends it with one line and its exit status.

    A closed stdout ends it too, without a line. What a terminal's encoding lacks is printed as `\\u2588`.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")
    try:
        yield
    except UsageError as error:
        sys.exit(refuse(error))
    except BrokenPipeError:
        discard_stdout()
        sys.exit(EXIT_INTERRUPTED)
    except OSError as error:
        if error.errno not in STORAGE_ERRORS:
            raise
        sys.exit(refuse(storage_error(error)))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)
    if not flush_stdout():
        sys.exit(EXIT_INTERRUPTED)
