"""The command `schedbench`."""

from __future__ import annotations

import importlib
import re
import sys

import pytest

from src import cli
from tests.conftest import ROOT


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["schedbench", *arguments])
    cli.main()


@pytest.mark.parametrize("arguments", [[], ["help"], ["--help"]])
def test_commands_are_listed_without_one(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call(monkeypatch, *arguments)
    out = capsys.readouterr().out
    assert all(f"  {name} " in out for name in ("train", "sweep", "report", "preview", "lr-find", "speed"))


def test_unknown_command_is_refused_with_the_one_that_was_meant(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        call(monkeypatch, "swep")
    assert end.value.code == 2
    message = (
        "swep: unknown command; choose one of train, sweep, report, preview, lr-find, board, speed, completion; "
        "did you mean sweep?"
    )
    assert capsys.readouterr().err == f"error: {message}\n"


def test_version_is_that_of_the_package(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    call(monkeypatch, "--version")
    (version,) = re.findall(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert capsys.readouterr().out == f"schedbench {version}\n"


def test_completion_of_another_shell_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        call(monkeypatch, "completion", "fish")
    assert end.value.code == 2
    assert capsys.readouterr().err == "error: fish: no completion for this shell; choose one of bash, zsh\n"


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_command_gets_its_arguments(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    received: list[list[str]] = []
    module = importlib.import_module(cli.COMMANDS[name][0])
    monkeypatch.setattr(module, "main", lambda: received.append(sys.argv))
    call(monkeypatch, name, "epochs=1")
    assert received == [[f"schedbench {name}", "epochs=1"]]
