"""Data set archives: found on disk, copied from a folder or downloaded, and checked against their MD5 before every use.

Files are laid out as torchvision lays them out (`root/MNIST/raw/*.gz`), so an existing download is reused. Its own
`download` is not used: importing torchvision takes about two seconds, and it writes in place, so that a concurrent run
could read half a file.
"""

from __future__ import annotations

import hashlib
import logging
import time
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path

from src.config.schema import DataConfig
from src.errors import DataUnavailableError, UsageError
from src.files import replacing

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10  # without any answer
PATIENCE_SECONDS = 20  # before a slow mirror is given up
MIN_BYTES_PER_SECOND = 10_000
MAX_BYTES = 2**30
_CHUNK_BYTES = 2**16


class _MirrorError(Exception):
    """A mirror does not provide a file; the message says why."""


def ensure(data: DataConfig) -> None:
    """Verifies the archives of `data` and fetches the missing ones.

    Raises:
        DataUnavailableError: an archive is not on disk, and no mirror provides it.
        UsageError: an archive does not match its MD5, or the folder cannot be written.
    """
    for part in data.archives:
        path = archive_path(data, part)
        if path.exists():
            read(data, part)
        else:
            _store(path, _fetch(data, part))


def read(data: DataConfig, part: str) -> bytes:
    """Returns the verified content of one archive, still compressed."""
    path = archive_path(data, part)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise _unavailable(data, part, []) from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    return _verified(content, data.archives[part]["md5"], str(path), "delete the file to fetch it again")


def archive_path(data: DataConfig, part: str) -> Path:
    class_name = data.source.rpartition(".")[2]
    return Path(data.root or ".", class_name, "raw", data.archives[part]["file"])


def _fetch(data: DataConfig, part: str) -> bytes:
    """Returns the verified content of one archive from the first mirror that has it."""
    name, md5 = data.archives[part]["file"], data.archives[part]["md5"]
    preferred = [data.mirror] if data.mirror else []
    reasons = []
    for mirror in [*preferred, *data.mirrors]:
        try:
            content = _from_url(mirror, name) if "://" in mirror else (Path(mirror).expanduser() / name).read_bytes()
        except (OSError, HTTPException, ValueError, _MirrorError) as error:  # URLError is an OSError
            reasons.append(f"{mirror}: {_reason(error)}")
            log.debug("%s does not provide %s: %s", mirror, name, error)
            continue
        source = f"{mirror.rstrip('/')}/{name}"
        return _verified(content, md5, source, "choose another mirror (data.mirror=DIR or data.mirror=URL)")
    raise _unavailable(data, part, reasons)


def _from_url(mirror: str, name: str) -> bytes:
    """Downloads a file, unless the mirror is too slow or does not end."""
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


def _verified(content: bytes, md5: str, source: str, remedy: str) -> bytes:
    """Returns `content` if it matches `md5`."""
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if digest != md5:
        raise UsageError(
            f"{source} is damaged and was not used: MD5 {digest}, expected {md5}, {len(content)} bytes; {remedy}"
        )
    return content


def _unavailable(data: DataConfig, part: str, reasons: Sequence[str]) -> DataUnavailableError:
    path = archive_path(data, part)
    tried = f" ({'; '.join(reasons)})" if reasons else ""
    return DataUnavailableError(
        f"data={data.name}: {path} does not exist and no mirror provides it{tried}. Put the archives in {path.parent}, "
        "name a folder or URL that has them (data.mirror=DIR, or MNIST_MIRROR for MNIST), or use the bundled digits "
        "(data=digits)"
    )
