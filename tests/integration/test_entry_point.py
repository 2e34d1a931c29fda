"""The installed command `schedbench`, as pip writes it, in a folder of the user's own."""

from __future__ import annotations

import runpy
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import SMALL
from tests.integration.conftest import call_main, forget_modules

SCRIPT = Path(sysconfig.get_path("scripts"), "schedbench")
YAML = "name: zig\ninterval: step\nmonitor: null\n_target_: zz.zig\n"


def schedbench() -> None:
    runpy.run_path(str(SCRIPT), run_name="__main__")


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Path]:
    """A folder with a schedule of the user's own."""
    (tmp_path / "zz.py").write_text("def zig(t: int, horizon: int) -> float:\n    return 1 - t / (2 * horizon)\n")
    (tmp_path / "conf" / "scheduler").mkdir(parents=True)
    (tmp_path / "conf" / "scheduler" / "zig.yaml").write_text(YAML)
    yield tmp_path
    forget_modules(tmp_path)


def test_training_finds_the_modules_in_the_working_folder(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(lab)
    assert call_main("train", "scheduler=zig", *SMALL, "epochs=1", main=schedbench) == 0


@pytest.mark.parametrize("command", [["train", "epochs=1"], ["preview", "--terminal"]])
def test_modules_beside_a_named_config_folder_are_found(
    command: list[str], lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (lab / "elsewhere").mkdir()
    monkeypatch.chdir(lab / "elsewhere")
    assert call_main(*command, "-cd", "../conf", "scheduler=zig", *SMALL, main=schedbench) == 0
