"""Folders that a command line names."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.config.folders import check_own_folder, output_folder
from src.errors import UsageError


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.mark.parametrize("text", ["", " "])
def test_output_folder_has_a_name(text: str) -> None:
    with pytest.raises(UsageError, match=r"^out=: needs the name of a folder$"):
        output_folder("out", text)


@pytest.mark.parametrize("text", ["file", "file/inside/it"])
def test_output_folder_is_not_below_a_file(text: str) -> None:
    Path("file").touch()
    with pytest.raises(UsageError, match=f"^out={text}: cannot be written: Not a directory: file; name another"):
        output_folder("out", text)


@pytest.mark.parametrize("text", [".", "new/one", ".."])
def test_output_folder_may_be_any_other(text: str) -> None:
    assert output_folder("out", text) == Path(text)


@pytest.mark.parametrize("text", ["", ".", "./", "new/..", "..", "/"])
def test_folder_of_a_run_does_not_hold_the_current_one(text: str) -> None:
    with pytest.raises(UsageError, match=f"^hydra.run.dir={text}: results need a folder of their own"):
        check_own_folder("hydra.run.dir", text)


@pytest.mark.parametrize("text", ["mine", "../mine", "/tmp/mine"])
def test_folder_of_a_run_may_be_any_other(text: str) -> None:
    check_own_folder("hydra.run.dir", text)
