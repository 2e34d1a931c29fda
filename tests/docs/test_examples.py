"""The worked examples of the documentation, executed."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from src.analysis.notebook import KEYS
from src.analysis.report import build
from src.commands import sweep
from tests.docs.pages import DOCS, blocks, commands, names, table
from tests.integration.conftest import call_main

EXTRAS = {"+callbacks=mlflow", "+callbacks=wandb"}  # executed by tests/integration/test_loggers.py


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(folder.rglob("result.json"))]


def test_examples_of_extending_train(lab: Path) -> None:
    runs_of_page = [
        words[3:]
        for words in commands(DOCS / "extending.md")
        if "src.train" in words and "-m" not in words[3:] and not EXTRAS & set(words)
    ]
    for arguments in runs_of_page:
        assert call_main(*arguments) == 0, arguments
    runs = records(lab)
    assert len(runs) == len(runs_of_page) == 8
    assert {run["status"] for run in runs} == {"completed"}
    assert {run["scheduler"] for run in runs} >= {"sawtooth", "StepLR"}
    assert "wide_mlp" in {run["model"] for run in runs}
    assert "sign_momentum" in {run["optimizer"] for run in runs}
    assert {run["dataset"] for run in runs} == {"digits", "stripes"}
    assert all(run["test_accuracy"] > 0.8 for run in runs)
    norms = [path.read_text().splitlines() for path in lab.rglob("weight_norm.csv")]
    assert [len(lines) for lines in norms] == [3, 3]
    assert {line.partition(".")[2] for lines in norms for line in lines[1:]}.isdisjoint({""})


def test_experiment_of_extending_runs(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "draw_figures", lambda *_: [])
    (words,) = [words for words in commands(DOCS / "extending.md") if "experiment=teeth" in words]
    assert call_main(*words[2:], "hydra/launcher=basic", main=sweep.main) == 0
    table = pd.read_csv(lab / "outputs" / "sweeps" / "teeth" / "comparison.csv").set_index("scheduler")
    assert table["n"].to_dict() == {"cosine": 2, "sawtooth": 2}
    assert table["lr"].to_dict() == {"cosine": 0.05, "sawtooth": 0.1}


def test_sawtooth_example_has_the_teeth_it_describes(lab: Path) -> None:
    sawtooth = runpy.run_path(str(lab / "my_schedules.py"))["sawtooth"]
    heights = [sawtooth(t, 20, num_teeth=4, floor=0.1) for t in range(20)]
    assert heights == pytest.approx([1, 0.82, 0.64, 0.46, 0.28] * 4)


def test_pandas_examples_run_on_the_sweep_they_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(build, "draw_figures", lambda *_: [])  # takes time, and no example reads a figure
    (sweep,) = [words for words in commands(DOCS / "results.md") if "name=first" in words]
    assert call_main(*sweep[3:]) == 0
    namespace: dict[str, Any] = {}
    for block in blocks(DOCS / "results.md", "python"):
        capsys.readouterr()
        exec(compile(block.code, "docs/results.md", "exec"), namespace)
        assert "cosine" in capsys.readouterr().out
    assert len(namespace["completed"]) == len(namespace["records"]) == 4
    assert len(namespace["curves"]) == 4 * 3
    documented = {names(row["table"])[0]: names(row["columns"]) for row in table(DOCS / "results.md", "table")}
    assert list(namespace["results"].histories)[: len(KEYS)] == documented["histories"][: len(KEYS)] == list(KEYS)
    columns = {names(row["file"])[0]: names(row["columns"]) for row in table(DOCS / "results.md", "file")}
    for name in ("history.csv", "steps.csv"):
        header = next(tmp_path.rglob(name)).read_text().partition("\n")[0]
        assert header.split(",") == columns[name]
