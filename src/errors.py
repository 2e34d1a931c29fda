"""Errors that end in one clear message instead of a traceback, and the exit statuses."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED = 1, 2, 130


class UsageError(Exception):
    """The request cannot be carried out. The message names the value and the remedy."""


class DataUnavailableError(UsageError):
    """A data set is neither on disk nor downloadable."""


class FolderTakenError(UsageError):
    """The run folder belongs to another run."""


def refuse(error: Exception) -> int:
    """Prints the error message; returns the exit status."""
    print(f"error: {error}", file=sys.stderr)
    return EXIT_USAGE


@contextmanager
def ending_in_one_line() -> Iterator[None]:
    """Wraps a command: a UsageError or Ctrl-C ends it with one line and its exit status."""
    try:
        yield
    except UsageError as error:
        sys.exit(refuse(error))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)


_NO_KEY = re.compile(r"^Could not override '(.+?)'\.( To append.*)?$")
_MERGING = "Error merging override "
_INTERNAL = ("full_key", "object_type", "reference_type", "See https", "To append to your")


def one_line(error: Exception) -> str:
    """The message of a Hydra or OmegaConf error on one line, without the lines about its internal types.

    Their advice to write +key is dropped too: the schema would refuse the key.
    """
    lines = [line.strip() for line in str(error).splitlines()]
    text = " ".join(line for line in lines if line and not line.startswith(_INTERNAL))
    text = re.sub(r"^\w+ raised while resolving interpolation: ", "", text)
    if error.__cause__ is not None and text.startswith(_MERGING):
        text = f"{text.removeprefix(_MERGING)}: {one_line(Exception(str(error.__cause__)))}"
    text = _NO_KEY.sub(r"\1: unknown key; --cfg job lists the known ones", text)
    key = getattr(error, "full_key", None)
    return f"{key}: {text}" if key and not text.startswith(str(key)) else text
