"""Data set archives: found on disk, copied from a folder or downloaded, and checked against their MD5 before every use.

Files are laid out as torchvision lays them out (`root/MNIST/raw/*.gz`), so an existing download is reused. Its own
`download` is not used: importing torchvision takes about two seconds, and it writes in place, so that a concurrent run
could read half a file.
"""

from __future__ import annotations

import hashlib
import logging
import urllib.request
from http.client import HTTPException
from pathlib import Path

from src.config.schema import DataConfig
from src.errors import DataUnavailableError, UsageError
from src.files import replacing

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10


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
        raise _unavailable(data, part) from None
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
    for mirror in [*preferred, *data.mirrors]:
        content = _download(mirror, name)
        if content is not None:
            source = f"{mirror.rstrip('/')}/{name}"
            return _verified(content, md5, source, "choose another mirror (data.mirror=DIR or data.mirror=URL)")
    raise _unavailable(data, part)


def _download(mirror: str, name: str) -> bytes | None:
    """Returns a file of a mirror, which is a folder or a URL; None if the mirror does not provide it."""
    try:
        if "://" not in mirror:
            return (Path(mirror).expanduser() / name).read_bytes()
        with urllib.request.urlopen(f"{mirror.rstrip('/')}/{name}", timeout=TIMEOUT_SECONDS) as response:
            content: bytes = response.read()
            return content
    except (OSError, HTTPException, ValueError) as error:  # URLError is an OSError
        log.debug("%s does not provide %s: %s", mirror, name, error)
        return None


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


def _unavailable(data: DataConfig, part: str) -> DataUnavailableError:
    path = archive_path(data, part)
    return DataUnavailableError(
        f"data={data.name}: {path} does not exist and no mirror could be reached. Put the archives in {path.parent}, "
        "name a folder or URL that has them (data.mirror=DIR, or MNIST_MIRROR for MNIST), or use the bundled digits "
        "(data=digits)"
    )
