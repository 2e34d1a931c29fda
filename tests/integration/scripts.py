"""Runs the command lines in `scripts` inside the test process."""

from __future__ import annotations

import gc
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT


def run_script(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Runs `python scripts/NAME.py` in `folder`, without the cost of starting Python and importing torch."""
    capsys.readouterr()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        status = status_of(name, *arguments)
    out, err = capsys.readouterr()
    return subprocess.CompletedProcess([name, *arguments], status, out, err)


def status_of(name: str, *arguments: str) -> int:
    """The exit status of `python scripts/NAME.py`."""
    status: object = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [f"{name}.py", *arguments])
        patch.setattr(sys, "path", list(sys.path))
        patch.setattr(gc, "disable", lambda: None)
        try:
            runpy.run_path(str(ROOT / "scripts" / f"{name}.py"), run_name="__main__")
        except SystemExit as end:
            status = end.code
    return status if isinstance(status, int) else 1
