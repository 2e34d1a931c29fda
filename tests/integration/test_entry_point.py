"""The installed command `schedbench`, as pip writes it, in a folder of the user's own."""

from __future__ import annotations

import runpy
import sysconfig
from pathlib import Path

import pytest

from tests.conftest import SMALL
from tests.integration.conftest import call_main, forget_modules

SCRIPT = Path(sysconfig.get_path("scripts"), "schedbench")
YAML = "name: zig\ninterval: step\nmonitor: null\n_target_: zz.zig\n"


def schedbench() -> None:
    runpy.run_path(str(SCRIPT), run_name="__main__")


def test_training_finds_the_modules_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "zz.py").write_text("def zig(t: int, horizon: int) -> float:\n    return 1 - t / (2 * horizon)\n")
    (tmp_path / "conf" / "scheduler").mkdir(parents=True)
    (tmp_path / "conf" / "scheduler" / "zig.yaml").write_text(YAML)
    monkeypatch.chdir(tmp_path)
    try:
        assert call_main("train", "scheduler=zig", *SMALL, "epochs=1", main=schedbench) == 0
    finally:
        forget_modules(tmp_path)
