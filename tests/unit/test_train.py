"""The command line's entry point when it ends before a run starts."""

from __future__ import annotations

import sys

import pytest

from src import train
from src.errors import UsageError


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [(KeyboardInterrupt(), 130, "interrupted\n"), (UsageError("epochs=0: no"), 2, "error: epochs=0: no\n")],
)
def test_exit_before_the_run_prints_one_line(
    error: BaseException,
    status: int,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def resolve_dataset(overrides: list[str]) -> list[str]:
        raise error

    monkeypatch.setattr(train, "resolve_dataset", resolve_dataset)
    monkeypatch.setattr(sys, "argv", ["src.train", "epochs=0"])
    with pytest.raises(SystemExit) as end:
        train.main()
    assert end.value.code == status
    assert capsys.readouterr().err == message
