"""Range tests on disk are used only as they were written."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from src.errors import UsageError
from src.runs.lr_cache import read_range_test, save_range_test
from src.training.lr_finder import RangeTest, rates

LRS = rates(1e-3, 1.0, 20)
TEST = RangeTest(LRS, [2.0 - lr for lr in LRS], [2.0 - lr for lr in LRS])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_range_test(TEST, tmp_path / "auto-0123.csv")
    return tmp_path / "auto-0123.csv"


def test_range_test_is_read_as_written_and_sha256sum_knows_its_digest(path: Path) -> None:
    assert read_range_test(path) == TEST
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert path.with_name("auto-0123.csv.sha256").read_text() == f"{digest}  auto-0123.csv\n"


def test_no_file_is_no_range_test(tmp_path: Path) -> None:
    assert read_range_test(tmp_path / "auto.csv") is None


def test_every_changed_byte_is_found(path: Path) -> None:
    content = path.read_bytes()
    for place in range(0, len(content), 23):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert read_range_test(path) is None
        assert not path.exists()


@pytest.mark.parametrize("digest", [None, b"", b"\xff\x00"])
def test_missing_or_damaged_digest_is_named(
    digest: bytes | None, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = path.with_name("auto-0123.csv.sha256")
    file.unlink()
    if digest is not None:
        file.write_bytes(digest)
    content = path.read_bytes()
    assert read_range_test(path) is None
    reason = "has no digest" if digest is None else "does not match its digest"
    assert capsys.readouterr().out == f"{path} {reason}, {file.name}; kept as auto-0123.damaged.csv\n"
    assert path.with_name("auto-0123.damaged.csv").read_bytes() == content


def test_impossible_rates_are_not_used_even_with_their_digest(tmp_path: Path) -> None:
    save_range_test(RangeTest([-1.0, 50.0], [2.0, 1.0], [2.0, 1.0]), tmp_path / "auto.csv")
    assert read_range_test(tmp_path / "auto.csv") is None


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
@pytest.mark.parametrize("name", ["auto-0123.csv", "auto-0123.csv.sha256"])
def test_something_else_in_the_place_of_a_file_is_refused(name: str, make: Callable[[Path], None], path: Path) -> None:
    file = path.with_name(name)
    file.unlink()
    make(file)
    with pytest.raises(UsageError, match=f"{name} is a .*, not a file; move it away"):
        read_range_test(path)
