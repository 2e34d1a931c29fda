"""Tables as people read them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from src.analysis.collect import collect
from src.analysis.comparison import comparison
from src.analysis.report.build import print_comparison
from src.analysis.report.tables import notes, readable, to_latex, to_markdown
from tests.unit.analysis.conftest import MakeRun


@pytest.fixture
def table(make_run: MakeRun, tmp_path: Path) -> pd.DataFrame:
    for seed, (constant, cosine) in enumerate([(0.90, 0.95), (0.92, 0.96), (0.97, 0.97)]):
        make_run("scheduler=constant", f"seed={seed}", accuracy=constant)
        make_run("scheduler=cosine", f"seed={seed}", accuracy=cosine)
        make_run("scheduler=one_cycle", f"seed={seed}", accuracy=0.99, status="completed" if seed else "diverged")
        make_run("scheduler=cyclic", f"seed={seed}", accuracy=None, status="diverged")
    make_run("scheduler=step", "epochs=3", accuracy=0.99, averaged=0.995)
    return comparison(collect([tmp_path / "sweep"]).runs)


def two_epochs(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["epochs"] == 2].reset_index(drop=True)


def test_people_read_rounded_numbers(table: pd.DataFrame) -> None:
    text = readable(two_epochs(table)).set_index("scheduler")
    assert text.loc["cosine", "test error %"].startswith("4.00 [3.")
    assert text.loc["cosine", "Δ"].startswith("-3.00 [")
    assert text.loc["cosine", "p (Holm)"] == "1.000"
    assert text.loc["cosine", "P(better)"] == "0.72"
    assert text.loc["cyclic", "test error %"] == "–"
    assert text.loc["one_cycle", "diverged"] == "1"
    assert text["verdict"].to_dict() == {
        "cosine": "inconclusive", "constant": "reference", "one_cycle": "inconclusive", "cyclic": "inconclusive",
    }  # fmt: skip
    assert text.loc["constant", "epochs to 80 %"] == "1 (3/3)"


def test_one_seed_has_neither_interval_nor_deviation(table: pd.DataFrame) -> None:
    single = readable(table[table["epochs"] == 3])
    assert single["test error %"].tolist() == ["1.00"]
    assert single["averaged error %"].tolist() == ["0.50"]
    assert not {"diverged", "verdict", "Δ"} & set(single)


def test_the_notes_say_when_nothing_could_be_significant(table: pd.DataFrame) -> None:
    said = " ".join(notes(two_epochs(table)))
    assert (
        "With 3 seeds no difference in this table can be significant, however large: 2 comparisons would need 7" in said
    )
    assert "tested" not in said
    assert "described here, not tested" in " ".join(notes(table[table["epochs"] == 3]))


def test_markdown_has_a_table_a_workload(table: pd.DataFrame) -> None:
    text = to_markdown(table)
    assert text.count("### ") == 2
    assert "| cosine      |      0.02 |   3 |" in text


def test_latex_escapes_what_latex_would_trip_over(table: pd.DataFrame) -> None:
    text = to_latex(table)
    assert text.count(r"\toprule") == text.count(r"\bottomrule") == 3  # the differences of one workload are tested
    assert r"one\_cycle & 0.02" in text
    assert r"test error \%" in text
    assert not {"Δ", "±", "–", "·"} & set(text)
    assert "_cycle" not in text.replace(r"\_cycle", "")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex")
def test_latex_compiles(table: pd.DataFrame, tmp_path: Path) -> None:
    body = rf"\documentclass{{article}}\usepackage{{booktabs}}\begin{{document}}{to_latex(table)}\end{{document}}"
    (tmp_path / "table.tex").write_text(body.replace("% needs", "%\n% needs"))
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "table.tex"], cwd=tmp_path, capture_output=True
    )
    assert done.returncode == 0, done.stdout.decode()
    assert "Overfull" not in done.stdout.decode()  # as wide as a page of text


@pytest.mark.parametrize(("width", "columns"), [(104, ["scheduler", "verdict"]), (200, ["P(better)", "train"])])
def test_a_narrow_terminal_is_shown_what_matters(
    width: int,
    columns: list[str],
    table: pd.DataFrame,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("src.terminal.FILE_WIDTH", width)
    print_comparison(two_epochs(table))
    shown = capsys.readouterr().out
    assert all(name in shown for name in columns)
    if width == 200:
        assert "…" not in shown
