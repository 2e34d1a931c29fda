"""A preview on the terminal."""

from __future__ import annotations

import math

import pytest

from src.analysis.figures.sparklines import print_preview, sparkline
from src.schedules.preview import Preview
from tests.unit.analysis.figures.conftest import make_curve


def test_table_shows_every_curve_and_every_note(capsys: pytest.CaptureFixture[str]) -> None:
    print_preview(Preview("The title", [make_curve("cosine"), make_curve("plateau", note="made up")], {}))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].strip() == "The title"
    assert lines[-1] == "plateau: made up"
    (line,) = [line for line in lines if line.strip().startswith("cosine")]
    assert line.split()[0] == "cosine"
    assert line.split()[2:] == ["0.1", "0.1", f"{0.1 * math.cos(0.5 * math.pi * 39 / 40):.4g}"]


def test_sparkline_shows_heights_as_blocks() -> None:
    assert sparkline([0.0, 0.5, 1.0, 1.0], top=1.0, width=4) == "▁▅██"
    assert sparkline([1.0, 0.0, 0.5], top=1.0, width=6) == "██▁▁▅▅"
    assert sparkline([1.0] * 10 + [0.0] * 10, top=2.0, width=2) == "▅▁"
    assert sparkline([0.0, 0.0], top=0.0, width=2) == "▁▁"
