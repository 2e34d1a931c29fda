"""How the user started the program, and how the other commands start."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from src.program import command_line, given_overrides, sibling, split_command
from tests.conftest import ROOT


def test_program_is_the_one_that_the_user_started() -> None:
    installed, arguments = split_command(
        ["/venv/bin/python", "/venv/bin/schedbench", "sweep", "a=1"], ["schedbench sweep", "a=1"]
    )
    assert (installed, arguments) == (["schedbench", "sweep"], ["a=1"])
    assert split_command(["python", "-c", "..."], ["sweep.py", "a=1", "b=2"]) == (
        ["schedbench", "sweep"],
        ["a=1", "b=2"],
    )


@pytest.mark.parametrize(
    ("program", "name", "expected"),
    [
        (["schedbench", "sweep"], "board", ["schedbench", "board"]),
        (["python", "-m", "src.cli", "train"], "sweep", ["python", "-m", "src.cli", "sweep"]),
        (["python3", "/home/me/scripts/sweep.py"], "lr-find", ["python3", "/home/me/scripts/lr_find.py"]),
        (["python3", "scripts/sweep.py"], "train", ["python3", "-m", "src.train"]),
        (["python", "-m", "src.train"], "board", ["python", "scripts/board.py"]),
    ],
)
def test_other_command_starts_in_the_same_way(
    program: list[str], name: str, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert sibling(program, name) == expected


def test_script_is_found_from_a_folder_of_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _, script = sibling(["python", "-m", "src.train"], "sweep")
    assert Path(script).samefile(ROOT / "scripts" / "sweep.py")


def test_line_for_the_shell_repeats_the_overrides_without_the_flags_of_training(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = ["-cd", "../conf", "experiment=mine", "lrs={step: 0.1}", "~name"]
    arguments = ["-m", *given, "--cfg", "job", "-p", "model", "--resolve"]
    monkeypatch.setattr(sys, "argv", ["schedbench train", *arguments])
    monkeypatch.setattr(sys, "orig_argv", ["python", "/venv/bin/schedbench", "train", *arguments])
    expected = "schedbench sweep -cd ../conf experiment=mine 'lrs={step: 0.1}' '~name'"
    assert command_line("sweep", *given_overrides()) == expected
