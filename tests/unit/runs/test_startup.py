"""Fixed costs of commands."""

from __future__ import annotations

import pytest

from src.errors import UsageError
from src.runs import startup
from src.runs.startup import BASELINE, time_commands


def test_commands_are_timed_as_whole_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "_PREPARATION", ("-c", "open('prepared', 'w')"))
    commands = {
        BASELINE: ("-c", "import time; time.sleep(0.2)"),
        "b": ("-c", "open('prepared'); open('{number}', 'x')"),
    }
    monkeypatch.setattr(startup, "COMMANDS", commands)
    seconds = time_commands(rounds=2)
    assert {name: len(times) for name, times in seconds.items()} == {BASELINE: 2, "b": 2}
    assert min(seconds[BASELINE]) > 0.2


def test_command_that_fails_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "_PREPARATION", ("-c", "raise SystemExit('no room')"))
    with pytest.raises(UsageError, match=r"ended with status 1: no room"):
        time_commands(rounds=1)


def test_rounds_are_positive() -> None:
    with pytest.raises(UsageError, match="--rounds 0: must be a positive integer"):
        time_commands(rounds=0)
