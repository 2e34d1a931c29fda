"""Data set archives: found on disk, copied from a folder or downloaded, and checked against their MD5 before every use.

They are in the folder that the config names, or where torchvision puts them (`root/MNIST/raw/*.gz`), so that an
existing download is reused. Its own `download` is not used: importing torchvision takes about two seconds, and it
writes in place, so that a concurrent run could read half a file.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import time
from collections.abc import Sequence
from pathlib import Path

from src.config.schema import DataConfig
from src.errors import DataUnavailableError, UsageError
from src.files import replacing

log = logging.getLogger(__name__)

PARTS = ("train_images", "train_labels", "test_images", "test_labels")
BUNDLED = "sklearn.datasets.load_digits"  # the source that needs no files

TIMEOUT_SECONDS = 10  # without any answer
PATIENCE_SECONDS = 20  # before a slow mirror is given up
MIN_BYTES_PER_SECOND = 10_000
MAX_BYTES = 2**30
_CHUNK_BYTES = 2**16


class _MirrorError(Exception):
    """A mirror does not provide a file; the message says why."""


def check_declared(data: DataConfig) -> None:
    """Checks that the config names the four files of a data set and their folder.

    Raises:
        UsageError: it does not.
    """
    if data.source == BUNDLED and not data.archives:
        return
    if missing := [part for part in PARTS if not _file_name(data, part)]:
        raise UsageError(
            f"data={data.name}: data.archives names no file for {', '.join(missing)}; add, for instance, "
            f"{missing[0]}: {missing[0]}.npy"
        )
    if data.folder is None and not data.source:
        raise UsageError(f"data={data.name}: the folder of its files is not given; set data.folder=DIR")


def ensure(data: DataConfig) -> None:
    """Verifies the archives of `data` and fetches the missing ones.

    Raises:
        DataUnavailableError: an archive is not on disk, and no mirror provides it.
        UsageError: an archive does not match its MD5, or the folder cannot be written.
    """
    for part in data.archives:
        if not _is_stored(data, part):
            _store(archive_path(data, part), _fetch(data, part))


def _is_stored(data: DataConfig, part: str) -> bool:
    try:
        read(data, part)
    except DataUnavailableError:
        return False
    return True


def read(data: DataConfig, part: str) -> bytes:
    """Returns the verified content of one archive, still compressed."""
    path = archive_path(data, part)
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise _unavailable(data, part, []) from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    return _verified(content, _md5(data, part), f"{path} is not the file that data={data.name} names", _remedy(data))


def archive_path(data: DataConfig, part: str) -> Path:
    if data.folder is not None:
        return _expanded("data.folder", data.folder) / _file_name(data, part)
    class_name = data.source.rpartition(".")[2]
    return Path(data.root or ".", class_name, "raw", _file_name(data, part))


def _expanded(key: str, folder: str) -> Path:
    """The path of a folder that may begin with `~`."""
    try:
        return Path(folder).expanduser()
    except RuntimeError as error:
        raise UsageError(f"{key}={folder}: there is no such home directory; give the whole path") from error


def unverified_digest(data: DataConfig) -> str:
    """The MD5 of all files that the config names without one, joined; empty if there are none."""
    paths = [archive_path(data, part) for part in PARTS if part in data.archives and not _md5(data, part)]
    return " ".join(_file_digest(path, *_version(path)) for path in paths)


def versions(data: DataConfig, *parts: str) -> tuple[tuple[object, ...], ...]:
    """What tells files from other files and from earlier ones in their places."""
    paths = [archive_path(data, part) for part in parts]
    return tuple((path, *_version(path)) for path in paths)


def _version(path: Path) -> tuple[int, int]:
    """Size and time of the last change; zeros if there is no file."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


@functools.cache  # a sweep asks once per job
def _file_digest(path: Path, size: int, changed_at: int) -> str:
    """The MD5 of a version of a file; "missing" if it cannot be read."""
    try:
        return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    except OSError:
        return "missing"


def _file_name(data: DataConfig, part: str) -> str:
    """The name of a file; empty if the config has none. An entry is the name, or `{file: NAME, md5: DIGEST}`."""
    entry = data.archives.get(part)
    return str((entry.get("file") if isinstance(entry, dict) else entry) or "")


def _md5(data: DataConfig, part: str) -> str | None:
    entry = data.archives.get(part)
    return entry.get("md5") if isinstance(entry, dict) else None


def _remedy(data: DataConfig) -> str:
    """What to do about a file with another MD5. It may be a good file of another data set: nothing says delete it."""
    if not (data.mirror or data.mirrors):
        return f"give the new one if the file was changed on purpose, or data.folder=DIR if {data.name} is elsewhere"
    return (
        f"if it belongs to another data set, keep the files of {data.name} in a folder of their own (data.folder=DIR); "
        "if it is damaged, move it away and it is fetched again"
    )


def _fetch(data: DataConfig, part: str) -> bytes:
    """Returns the verified content of one archive from the first mirror that has it."""
    from http.client import HTTPException  # here, because `--help` should not wait for it

    name = _file_name(data, part)
    preferred = [data.mirror] if data.mirror else []
    reasons = []
    for mirror in [*preferred, *data.mirrors]:
        try:
            content = _from_url(mirror, name) if "://" in mirror else _from_folder(mirror, name)
        except (OSError, HTTPException, ValueError, _MirrorError) as error:  # URLError is an OSError
            reasons.append(f"{mirror}: {_reason(error)}")
            log.debug("%s does not provide %s: %s", mirror, name, error)
            continue
        problem = f"{mirror.rstrip('/')}/{name} is damaged"
        return _verified(
            content, _md5(data, part), problem, "choose another mirror (data.mirror=DIR or data.mirror=URL)"
        )
    raise _unavailable(data, part, reasons)


def _from_folder(mirror: str, name: str) -> bytes:
    return (_expanded("data.mirror", mirror) / name).read_bytes()


def _from_url(mirror: str, name: str) -> bytes:
    """Downloads a file, unless the mirror is too slow or does not end."""
    import urllib.request

    log.info("Downloading %s from %s", name, mirror)
    content = bytearray()
    start = time.monotonic()
    with urllib.request.urlopen(f"{mirror.rstrip('/')}/{name}", timeout=TIMEOUT_SECONDS) as response:
        while chunk := response.read1(_CHUNK_BYTES):  # `read` would wait for a whole chunk
            content += chunk
            seconds = time.monotonic() - start
            if len(content) > MAX_BYTES:
                raise _MirrorError(f"sent more than {MAX_BYTES:,} bytes")
            if seconds > PATIENCE_SECONDS and len(content) < MIN_BYTES_PER_SECOND * seconds:
                raise _MirrorError(f"too slow, {len(content):,} bytes in {seconds:.0f} s")
        if getattr(response, "length", None):  # what is left of the announced length
            raise _MirrorError(f"ended after {len(content):,} bytes")
    return bytes(content)


def _reason(error: Exception) -> str:
    """Why a mirror failed, in a few words."""
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
    return str(reason).partition("\n")[0] or type(error).__name__


def _store(path: Path, content: bytes) -> None:
    try:
        with replacing(path) as file:
            file.write(content)
    except OSError as error:
        raise UsageError(f"data.root: {path.parent} cannot be written ({error.strerror}); set data.root=DIR") from error


def _verified(content: bytes, md5: str | None, problem: str, remedy: str) -> bytes:
    """Returns `content` if it matches `md5`, or if that is not known."""
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if md5 and digest != md5:
        size = f"{len(content):,} bytes"
        raise UsageError(f"{problem} and was not used: MD5 {digest}, expected {md5}, {size}; {remedy}")
    return content


def _unavailable(data: DataConfig, part: str, reasons: Sequence[str]) -> DataUnavailableError:
    path = archive_path(data, part)
    if not reasons:
        return DataUnavailableError(
            f"data={data.name}: {path} does not exist; put the file there, or name the folder that has it: "
            "data.folder=DIR"
        )
    return DataUnavailableError(
        f"data={data.name}: {path} does not exist and no mirror provides it ({'; '.join(reasons)}). Put the archives "
        f"in {path.parent}, name a folder or URL that has them (data.mirror=DIR, or MNIST_MIRROR for MNIST), or use "
        "the bundled digits (data=digits)"
    )
