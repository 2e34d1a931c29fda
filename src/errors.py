"""Errors that end in one clear message instead of a traceback, and the exit statuses."""

from __future__ import annotations

import sys

EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED = 1, 2, 130


class UsageError(Exception):
    """The user asked for something impossible; the message names the value and the remedy."""


class DataUnavailableError(UsageError):
    """A data set is neither on disk nor to be downloaded."""


class FolderTakenError(UsageError):
    """The run folder belongs to another run."""


def refuse(error: Exception) -> int:
    """Says what is wrong, once; returns the exit status."""
    print(f"error: {error}", file=sys.stderr)
    return EXIT_USAGE
