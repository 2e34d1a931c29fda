"""Why verdicts are inconclusive, in the answer and below the table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from src.analysis.collect import collect
from src.analysis.comparison import comparison
from src.analysis.pairwise import pairwise
from src.analysis.report.answer import answer
from src.analysis.report.latex import to_latex
from src.analysis.report.reasons import reasons_note, reasons_notes
from src.analysis.report.tables import format_table, to_markdown
from src.analysis.report.terminal import print_comparison
from tests.unit.analysis.conftest import MakeRun

OUTLYING = "an outlying run: seed 2 is 3.90 points worse than the median of its schedule"


def make_runs(make_run: MakeRun, scheduler: str, accuracy: float, outlying: float = 0.0) -> None:
    """Twelve runs of nearly equal accuracy; that of seed 2 is smaller by `outlying`."""
    for seed in range(12):
        noise = (-1) ** seed * (1 + seed % 3) / 4000
        make_run(f"scheduler={scheduler}", f"seed={seed}", accuracy=accuracy + noise - outlying * (seed == 2))


def lines(folder: Path) -> tuple[str, ...]:
    runs = collect([folder / "sweep"]).runs
    return answer("digits", comparison(runs), pairwise(runs), margin=0.005).lines


def table(folder: Path) -> pd.DataFrame:
    return comparison(collect([folder / "sweep"]).runs)


def test_answer_says_why_the_best_schedule_was_not_shown_to_be_better(make_run: MakeRun, tmp_path: Path) -> None:
    make_runs(make_run, "constant", 0.90)
    make_runs(make_run, "cosine", 0.912, outlying=0.04)
    first, second = lines(tmp_path)
    assert first.startswith("Lowest test error: cosine")
    assert second.startswith("It is 0.87 percentage points below constant (adjusted p = 0.0")
    assert second.endswith(f"), but the verdict is inconclusive: {OUTLYING}.")


def test_outlying_run_of_the_reference_is_named_once(make_run: MakeRun, tmp_path: Path) -> None:
    make_runs(make_run, "constant", 0.90, outlying=0.04)
    for number, scheduler in enumerate(("cosine", "step", "linear")):
        make_runs(make_run, scheduler, 0.95 - number / 1000)
    text = " ".join(lines(tmp_path))
    assert text.count("the reference has an outlying run (seed 2)") == 1
    assert "better than constant" not in text
    assert reasons_note(table(tmp_path)) == (
        "Inconclusive for a reason: cosine, step and linear – the reference has an outlying run (seed 2)."
    )


def test_reasons_stand_below_every_table(
    make_run: MakeRun, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("src.terminal.FILE_WIDTH", 400)
    make_runs(make_run, "constant", 0.90)
    make_runs(make_run, "cosine", 0.912, outlying=0.04)
    note = f"Inconclusive for a reason: cosine – {OUTLYING}."
    rows = table(tmp_path)
    assert note in to_markdown(rows)
    assert note.replace("–", "--") in to_latex(rows)
    print_comparison(rows)
    assert note in capsys.readouterr().out
    assert reasons_notes([("one", rows), ("two", rows[:0]), ("three", rows)]) == [f"one: {note}", f"three: {note}"]


def test_median_difference_stands_beside_the_mean(make_run: MakeRun, tmp_path: Path) -> None:
    make_runs(make_run, "constant", 0.90)
    make_runs(make_run, "cosine", 0.912, outlying=0.04)
    text = format_table(table(tmp_path)).set_index("scheduler")
    columns = list(text)
    assert columns.index("median Δ") == columns.index("Δ") + 1
    assert text.loc["cosine", "Δ"].startswith("-0.87 [")
    assert text["median Δ"].to_dict() == {"cosine": "-1.20", "constant": ""}
