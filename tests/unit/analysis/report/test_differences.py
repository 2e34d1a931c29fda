"""Differences from the reference in words: verdicts that failures or other reasons rule out."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from src.analysis.collect import collect
from src.analysis.comparison import comparison
from src.analysis.report.answer import answer
from tests.unit.analysis.conftest import MakeRun, make_winner
from tests.unit.analysis.report.conftest import lines


def test_difference_that_is_no_verdict_is_not_put_down_to_chance(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(8):
        make_run("scheduler=constant", f"seed={seed}", accuracy=0.96 + seed / 1000)
        make_run("scheduler=cosine", f"seed={seed}", accuracy=0.95 + seed / 2000)
        make_run("scheduler=step", f"seed={seed}", accuracy=0.94 + seed / 2000)
    make_run("scheduler=constant", "seed=8", accuracy=None, status="failed")
    assert lines(tmp_path)[1:3] == [
        "It is 1.18 percentage points above constant (adjusted p = 0.008), but the verdict is inconclusive: the "
        "reference has 1 failed or diverged run.",
        "Inconclusive for the same reason: step.",
    ]


def test_equivalence_that_is_no_verdict_is_not_left_to_more_seeds(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(8):
        make_run("scheduler=constant", f"seed={seed}", accuracy=0.95)
        make_run("scheduler=cosine", f"seed={seed}", accuracy=0.95 + (-1) ** seed / 1_000_000)
    make_run("scheduler=constant", "seed=8", accuracy=None, status="failed")
    assert lines(tmp_path)[1] == (
        "It would count as equivalent to constant, but the verdict is inconclusive: the reference has 1 failed or "
        "diverged run."
    )


def test_recorded_reason_is_quoted(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 8)
    for seed in range(8):
        make_run("scheduler=step", f"seed={seed}", accuracy=0.94 + seed / 1000)
    rows = comparison(collect([tmp_path / "sweep"]).runs)
    rows = rows.assign(verdict=rows["verdict"].where(rows["verdict"].isna(), "inconclusive"), reason="seed 3 decides")
    text = " ".join(answer("", rows, pd.DataFrame(), 0.0005).lines)
    assert "(adjusted p = 0.008), but the verdict is inconclusive: seed 3 decides." in text
    assert "Inconclusive for the same reason: step." in text


def test_seeds_for_equivalence_are_more_than_there_are(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(12):
        make_run("scheduler=constant", f"seed={seed}", accuracy=0.95)
        make_run("scheduler=cosine", f"seed={seed}", accuracy=0.9528 + (-1) ** seed * 0.005)
    assert re.fullmatch(r"It is 0\.28 .* which may be due to chance \(adjusted p = 0\.\d+\)\.", lines(tmp_path)[1])
