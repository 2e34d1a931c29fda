"""Modules in the working folder."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from src.errors import UsageError
from src.user_modules import find_user_modules


def test_modules_in_the_working_folder_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "module_of_a_user.py").write_text("ANSWER = 42\n")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("module_of_a_user")
    find_user_modules()
    importlib.invalidate_caches()
    assert importlib.import_module("module_of_a_user").ANSWER == 42


def test_working_folder_is_added_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    find_user_modules()
    find_user_modules()
    assert sys.path.count(str(tmp_path)) == 1


def test_deleted_working_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(UsageError, match="the working folder was deleted; change to another one"):
        find_user_modules()
