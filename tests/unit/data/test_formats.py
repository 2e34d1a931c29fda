"""Arrays in files."""

from __future__ import annotations

import gzip
import io

import numpy as np
import pytest
import torch

from src.data.formats import parse_array
from src.errors import UsageError

VALUES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def npy(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values)
    return buffer.getvalue()


def idx(values: np.ndarray) -> bytes:
    sizes = b"".join(size.to_bytes(4, "big") for size in values.shape)
    return bytes([0, 0, 8, values.ndim]) + sizes + values.tobytes()


@pytest.mark.parametrize("write", [npy, idx])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_both_formats_are_read_gzipped_or_not(write: object, pack: object) -> None:
    array = parse_array(pack(write(VALUES)), "a file")  # type: ignore[operator]
    assert array.dtype is torch.uint8
    assert array.tolist() == VALUES.tolist()


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04", idx(VALUES)[:-1], npy(VALUES)[:-1], gzip.compress(idx(VALUES))[:-9], npy(np.array([{}]))],
    ids=["empty", "zip", "short idx", "short npy", "short gzip", "pickled objects"],
)
def test_other_files_are_refused_by_name(content: bytes) -> None:
    with pytest.raises(UsageError, match=r"^some/file\.gz is not an array") as error:
        parse_array(content, "some/file.gz")
    assert len(str(error.value).splitlines()) == 1
