"""Optional packages that are missing."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from src.config.extras import install_command
from tests.conftest import ROOT


def test_command_that_installs_an_extra_works_in_any_folder() -> None:
    python, *pip, constraints, flag, project = shlex.split(install_command("mlflow"))
    assert (python, pip, flag) == (sys.executable, ["-m", "pip", "install", "-c"], "-e")
    assert Path(constraints) == ROOT / "constraints.txt"
    assert Path(constraints).is_file()
    assert project == f"{ROOT}[mlflow]"
