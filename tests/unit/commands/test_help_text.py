"""`--help` at the width of the terminal."""

from __future__ import annotations

import importlib

import pytest

COMMANDS = ("sweep", "report", "preview", "lr_find", "speed", "board", "completion")


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_the_terminal(
    name: str, columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr("sys.argv", [name, "--help"])
    with pytest.raises(SystemExit) as end:
        importlib.import_module(f"src.commands.{name}").main()
    lines = capsys.readouterr().out.splitlines()
    assert end.value.code in (0, None)
    assert lines[0].startswith("usage: ")
    too_wide = [line for line in lines if len(line) > columns]
    assert all(" " not in line.strip() for line in too_wide)


def test_descriptions_stay_in_their_column(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "72")
    monkeypatch.setattr("sys.argv", ["report", "--help"])
    with pytest.raises(SystemExit):
        importlib.import_module("src.commands.report").main()
    lines = capsys.readouterr().out.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("reference=NAME"))
    assert lines[start].index("what to compare") == 23
    assert all(line.startswith(" " * 23) and line[23] != " " for line in lines[start + 1 :])
