"""Optional packages that are missing."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from src.config import extras
from src.config.extras import install_command
from tests.conftest import ROOT


def test_command_that_installs_an_extra_works_in_any_folder() -> None:
    python, *pip, constraints, flag, project = shlex.split(install_command("mlflow"))
    assert (python, pip, flag) == (sys.executable, ["-m", "pip", "install", "-c"], "-e")
    assert Path(constraints) == ROOT / "constraints.txt"
    assert Path(constraints).is_file()
    assert project == f"{ROOT}[mlflow]"


def test_extra_of_an_installed_wheel_is_installed_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(extras, "_ROOT", tmp_path)
    assert shlex.split(install_command("mlflow"))[1:] == ["-m", "pip", "install", "schedbench[mlflow]"]
