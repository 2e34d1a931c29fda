"""Errors that end in one clear message instead of a traceback, and the exit statuses."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

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


@contextmanager
def ending_in_one_line() -> Iterator[None]:
    """Around a command: a refusal or Ctrl-C ends it with a line and its exit status."""
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
    """What Hydra and OmegaConf say over several lines, without those that speak of their own types.

    Their advice to write +key would be refused in turn: the schema knows no other keys.
    """
    lines = [line.strip() for line in str(error).splitlines()]
    text = " ".join(line for line in lines if line and not line.startswith(_INTERNAL))
    text = re.sub(r"^\w+ raised while resolving interpolation: ", "", text)
    if error.__cause__ is not None and text.startswith(_MERGING):
        text = f"{text.removeprefix(_MERGING)}: {one_line(Exception(str(error.__cause__)))}"
    text = _NO_KEY.sub(r"\1: there is no such key; --cfg job shows those there are", text)
    key = getattr(error, "full_key", None)
    return f"{key}: {text}" if key and not text.startswith(str(key)) else text
