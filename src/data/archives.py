"""The archives of a data set: found, copied or downloaded, and verified before every use.

They lie as torchvision lays them out (`root/MNIST/raw/*.gz`), so an existing download is found.
"""

from __future__ import annotations

import hashlib
import importlib
import logging
import sys
import urllib.request
from http.client import HTTPException
from pathlib import Path
from types import ModuleType
from typing import Any

from src.config.schema import DataConfig
from src.errors import DataUnavailableError, UsageError
from src.files import replacing

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10


def ensure(data: DataConfig) -> None:
    """Puts every archive of `data` in its folder.

    Raises:
        DataUnavailableError: an archive is neither there nor to be had from any mirror.
        UsageError: an archive is not the one that its MD5 names, or the folder cannot be written.
    """
    for part in data.archives:
        path = archive_path(data, part)
        if path.exists():
            read(data, part)
        else:
            _store(path, _fetch(data, part))


def read(data: DataConfig, part: str) -> bytes:
    """The verified bytes of one archive, compressed as they are on disk."""
    path = archive_path(data, part)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise _unavailable(data, part) from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    return _verified(content, str(path), data.archives[part]["md5"])


def archive_path(data: DataConfig, part: str) -> Path:
    class_name = data.source.rpartition(".")[2]
    return Path(data.root or ".", class_name, "raw", data.archives[part]["file"])


def _fetch(data: DataConfig, part: str) -> bytes:
    """The verified bytes of one archive from the first mirror that has it."""
    name, md5 = data.archives[part]["file"], data.archives[part]["md5"]
    mirrors = [data.mirror] if data.mirror else []
    for mirror in mirrors:
        if (content := _download(mirror, name)) is not None:
            return _verified(content, f"{mirror}/{name}", md5)
    for mirror in torchvision_class(data.source).mirrors:
        if (content := _download(mirror, name)) is not None:
            return _verified(content, f"{mirror}{name}", md5)
    raise _unavailable(data, part)


def _download(mirror: str, name: str) -> bytes | None:
    """The file as the mirror (a folder or a URL) has it; None where it cannot be had."""
    try:
        if "://" not in mirror:
            return (Path(mirror).expanduser() / name).read_bytes()
        with urllib.request.urlopen(f"{mirror.rstrip('/')}/{name}", timeout=TIMEOUT_SECONDS) as response:
            content: bytes = response.read()
            return content
    except (OSError, HTTPException, ValueError) as error:  # URLError is an OSError
        log.debug("%s has no %s: %s", mirror, name, error)
        return None


def _store(path: Path, content: bytes) -> None:
    try:
        with replacing(path) as file:
            file.write(content)
    except OSError as error:
        raise UsageError(f"data.root: {path.parent} cannot be written ({error.strerror}); set data.root=DIR") from error


def _verified(content: bytes, source: str, md5: str) -> bytes:
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != md5:
        raise UsageError(
            f"{source} is damaged: its MD5 is {found}, not {md5} ({len(content)} bytes). It was not used; delete it, "
            "and it is fetched again"
        )
    return content


def _unavailable(data: DataConfig, part: str) -> DataUnavailableError:
    return DataUnavailableError(
        f"data={data.name}: {archive_path(data, part)} is not there and no mirror could be reached. Put the four "
        f"archives in {archive_path(data, part).parent} or name a folder or URL that has them (data.mirror=DIR or "
        "MNIST_MIRROR), or take the bundled digits (data=digits)"
    )


def torchvision_class(source: str) -> Any:
    """A data set class of torchvision by its full name."""
    module, _, name = source.rpartition(".")
    return getattr(torchvision_module(module), name)


def torchvision_module(name: str) -> ModuleType:
    """A module of torchvision, imported also beside a torch that lacks torchvision's operators.

    The wheel on PyPI is built for CUDA. A CPU-only torch cannot load its operators, and then the import fails because
    torchvision registers fake kernels for operators that do not exist. Declaring their schemas is enough: the data
    sets use none of them.
    """
    import torch

    try:
        return importlib.import_module(name)
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
    for module in [each for each in sys.modules if each.split(".")[0] == "torchvision"]:
        del sys.modules[module]  # half imported
    torch.library.define("torchvision::nms", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    torch.library.define("torchvision::qnms", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return importlib.import_module(name)
