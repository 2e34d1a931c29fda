"""Files are written completely or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from src.files import replacing, write_text


def test_file_is_replaced_completely(tmp_path: Path) -> None:
    path = tmp_path / "new" / "record.json"
    write_text(path, "first")
    write_text(path, "second")
    assert path.read_text() == "second"
    assert [file.name for file in path.parent.iterdir()] == ["record.json"]


def test_error_keeps_the_old_file_and_leaves_no_other(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    write_text(path, "old")

    def write_and_interrupt() -> None:
        with replacing(path) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_and_interrupt()
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_file_has_default_permissions(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    write_text(path, "")
    ordinary = tmp_path / "ordinary"
    ordinary.touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(ordinary.stat().st_mode)
