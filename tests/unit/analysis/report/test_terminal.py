"""The comparison on the terminal."""

from __future__ import annotations

import pandas as pd
import pytest

from src.analysis.report.terminal import print_comparison


@pytest.mark.parametrize(("width", "columns"), [(104, ["scheduler", "verdict"]), (200, ["P(better)", "train"])])
def test_narrow_terminal_shows_the_most_important_columns(
    width: int,
    columns: list[str],
    four_schedules: pd.DataFrame,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("src.terminal.FILE_WIDTH", width)
    print_comparison(four_schedules)
    output = capsys.readouterr().out
    assert all(name in output for name in columns)
    if width == 200:
        assert "…" not in output
