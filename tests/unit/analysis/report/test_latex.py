"""The comparison as LaTeX."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from src.analysis.report.latex import to_latex


def test_special_characters_are_escaped(table: pd.DataFrame) -> None:
    text = to_latex(table)
    assert text.count(r"\toprule") == text.count(r"\bottomrule") == 3  # one workload has a second table: differences
    assert r"one\_cycle & 0.02" in text
    assert r"test error \%" in text
    assert not {"Δ", "±", "–", "·"} & set(text)
    assert "_cycle" not in text.replace(r"\_cycle", "")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex")
def test_latex_compiles_and_fits_the_page(table: pd.DataFrame, tmp_path: Path) -> None:
    body = rf"\documentclass{{article}}\usepackage{{booktabs}}\begin{{document}}{to_latex(table)}\end{{document}}"
    (tmp_path / "table.tex").write_text(body.replace("% needs", "%\n% needs"))
    process = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "table.tex"], cwd=tmp_path, capture_output=True
    )
    assert process.returncode == 0, process.stdout.decode()
    assert "Overfull" not in process.stdout.decode()
