"""Arrays of bytes in files: IDX, as MNIST is distributed, and NumPy's .npy, both also gzipped."""

from __future__ import annotations

import gzip
import io
import zlib

import numpy as np
import torch
from torch import Tensor

from src.errors import UsageError

_GZIP, _NPY = b"\x1f\x8b", b"\x93NUMPY"
_BYTES = 8  # the type of an IDX file of unsigned bytes


def parse_array(content: bytes, source: str) -> Tensor:
    """The array in a file, whatever its format.

    Args:
        content: The file.
        source: Names the file in messages.

    Raises:
        UsageError: the file is damaged or has another format.
    """
    try:
        raw = gzip.decompress(content) if content.startswith(_GZIP) else content
        return _parse_npy(raw) if raw.startswith(_NPY) else _parse_idx(raw)
    except (EOFError, OSError, RuntimeError, TypeError, ValueError, zlib.error) as error:
        raise UsageError(f"{source} is not an array in NumPy's .npy format or an IDX file of bytes: {error}") from error


def _parse_npy(content: bytes) -> Tensor:
    return torch.from_numpy(np.load(io.BytesIO(content), allow_pickle=False))


def _parse_idx(content: bytes) -> Tensor:
    """Parses an IDX file: two zero bytes, the type, the number of dimensions, the sizes, the values.

    torchvision's reader needs the decompressed file on disk, and importing it takes about two seconds.
    """
    if len(content) < 4 or content[:3] != bytes([0, 0, _BYTES]):
        raise ValueError(f"it begins with {content[:4]!r}")
    num_dims = content[3]
    sizes = [int.from_bytes(content[4 + 4 * dim : 8 + 4 * dim], "big") for dim in range(num_dims)]
    return torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=4 + 4 * num_dims).view(sizes)
