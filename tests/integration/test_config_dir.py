"""`-cd DIR` on every script."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.config import CONF
from tests.integration.scripts import run_script


@pytest.mark.parametrize("name", ["sweep", "preview", "lr_find", "speed"])
def test_missing_folder_is_refused(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = run_script(name, tmp_path, capsys, "data=digits", "-cd", "nowhere")
    assert (done.returncode, done.stderr) == (2, "error: --config-dir nowhere: no such folder\n")


@pytest.mark.parametrize(("name", "flag"), [("sweep", "--dry-run"), ("preview", "--terminal")])
def test_choices_in_the_folder_are_found(
    name: str, flag: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine" / "scheduler").mkdir(parents=True)
    text = (CONF / "scheduler" / "step.yaml").read_text().replace("name: step", "name: own")
    (tmp_path / "mine" / "scheduler" / "own.yaml").write_text(text)
    done = run_script(name, tmp_path, capsys, flag, "schedulers=[own]", "data=digits", "-cd", "mine")
    assert done.returncode == 0, done.stderr
    assert "own" in done.stdout
