"""Range tests on disk: a CSV file, and next to it its SHA-256 digest, because a changed rate would go unnoticed.

The digest is what `sha256sum` prints, so `sha256sum --check` reads it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from src.errors import UsageError
from src.files import check_file, set_aside, write_text
from src.training.lr_finder import RangeTest


def read_range_test(path: Path) -> RangeTest | None:
    """The range test in `path`; None if there is none. A file that is not as it was written is kept under another name.

    Raises:
        UsageError: a folder or a pipe is in the place of a file.
    """
    for file in (path, _digest_path(path)):
        check_file(file)
    if not path.exists():
        return None
    try:
        _check_digest(path)
        return RangeTest.read_csv(path)
    except UsageError as error:
        print(f"{error}; kept as {set_aside(path).name}", flush=True)
        return None


def save_range_test(test: RangeTest, path: Path) -> None:
    text = test.to_csv()
    write_text(_digest_path(path), _digest(path, text.encode()))  # first: without it, the range test is not used
    write_text(path, text)


def _check_digest(path: Path) -> None:
    try:
        matches = _digest_path(path).read_bytes() == _digest(path, path.read_bytes()).encode()
    except FileNotFoundError:
        raise UsageError(f"{path} has no digest, {_digest_path(path).name}") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    if not matches:
        raise UsageError(f"{path} does not match its digest, {_digest_path(path).name}")


def _digest_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _digest(path: Path, content: bytes) -> str:
    return f"{hashlib.sha256(content).hexdigest()}  {path.name}\n"
