"""What the sweeps of the runs say about a report of several of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from src.analysis.report import build
from src.analysis.report.build import build_report
from src.analysis.report.results import load_results
from tests.unit.analysis.conftest import MakeRun

GROWN = {
    "jobs": [{"folder": str(seed), "overrides": [f"seed={seed}"]} for seed in range(3)],
    "history": [{"planned_at": None, "command": None, "seeds": [0]}],
}
PROTOCOL = {"tuning_seeds": [7], "evaluation_seeds": [0, 1], "tune_per_seed": False}
WARNING = "Seeds were added: the sweep was planned with 1 before it was planned with 3."


def write_sweep(folder: Path, **content: Any) -> Path:
    (folder / "sweep.json").write_text(json.dumps({"jobs": [], **content}))
    return folder


@pytest.fixture(autouse=True)
def _no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "draw_figures", lambda *_: [])


def test_report_of_several_sweeps_names_the_one_whose_seeds_were_added(
    make_run: MakeRun, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(3):
        make_run("scheduler=constant", f"seed={seed}", folder=f"grown/{seed}")
        make_run("scheduler=step", f"seed={seed}", folder=f"other/{seed}")
    sweeps = [tmp_path / "sweep" / name for name in ("grown", "other")]
    write_sweep(sweeps[0], **GROWN)
    write_sweep(sweeps[1])
    monkeypatch.chdir(tmp_path / "sweep")
    monkeypatch.setattr("src.terminal.FILE_WIDTH", 80)
    build_report([Path("grown"), Path("other")], tmp_path / "both")
    lines = capsys.readouterr().out.splitlines()
    assert " ".join(lines).count(f"grown: {WARNING}") == 1
    assert " ".join(lines).count("Seeds were added") == 1
    assert all(len(line) <= 80 for line in lines if "Seeds were" in line or "p-values" in line)
    for name in ("report.html", "comparison.md", "comparison.tex"):
        assert f"grown: {WARNING}" in (tmp_path / "both" / name).read_text()


def test_report_of_one_sweep_does_not_repeat_its_folder(make_run: MakeRun, tmp_path: Path) -> None:
    make_run(folder="grown/0")
    folder = write_sweep(tmp_path / "sweep" / "grown", **GROWN)
    build_report([folder], folder)
    assert f"grown: {WARNING}" not in (folder / "report.html").read_text()
    assert WARNING in (folder / "report.html").read_text()


@pytest.mark.parametrize(
    ("stored", "references"),
    [
        ({"other": "step"}, {2: set(), 3: {"step"}}),
        ({"grown": "step", "other": "step"}, {2: {"step"}, 3: {"step"}}),
        ({"grown": "cosine"}, {2: {"cosine"}, 3: {"constant"}}),
    ],
)
def test_every_table_has_the_reference_of_its_own_sweep(
    stored: dict[str, str], references: dict[int, set[str]], make_run: MakeRun, tmp_path: Path
) -> None:
    for scheduler in ("step", "cosine"):
        make_run(f"scheduler={scheduler}", folder=f"grown/{scheduler}")
    for scheduler in ("step", "constant"):
        make_run(f"scheduler={scheduler}", "epochs=3", folder=f"other/{scheduler}")
    sweeps = [write_sweep(tmp_path / "sweep" / name, reference=stored.get(name)) for name in ("grown", "other")]
    table = load_results(sweeps).table
    found = {epochs: set(rows["reference"].dropna()) for epochs, rows in table.groupby("epochs")}
    assert found == references


def test_references_of_one_table_count_only_where_they_agree(make_run: MakeRun, tmp_path: Path) -> None:
    for scheduler in ("constant", "step", "cosine"):
        make_run(f"scheduler={scheduler}", folder=f"grown/{scheduler}")
        make_run(f"scheduler={scheduler}", "seed=1", folder=f"other/{scheduler}")
    sweeps = [tmp_path / "sweep" / name for name in ("grown", "other")]
    for first, second, expected in (("step", "step lr=0.02", "step"), ("step", "cosine", "constant")):
        write_sweep(sweeps[0], reference=first)
        write_sweep(sweeps[1], protocol=PROTOCOL | {"reference": second})
        assert set(load_results(sweeps).table["reference"]) == {expected}
    assert set(load_results(sweeps, "cosine").table["reference"]) == {"cosine"}
