"""The entry: what it says where it does not come to a run."""

from __future__ import annotations

import sys

import pytest

from src import train
from src.errors import UsageError


@pytest.mark.parametrize(
    ("raised", "status", "said"),
    [(KeyboardInterrupt(), 130, "interrupted\n"), (UsageError("epochs=0: no"), 2, "error: epochs=0: no\n")],
)
def test_an_end_before_the_run_is_one_line(
    raised: BaseException,
    status: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def resolve_dataset(overrides: list[str]) -> list[str]:
        raise raised

    monkeypatch.setattr(train, "resolve_dataset", resolve_dataset)
    monkeypatch.setattr(sys, "argv", ["src.train", "epochs=0"])
    with pytest.raises(SystemExit) as end:
        train.main()
    assert end.value.code == status
    assert capsys.readouterr().err == said
