"""What the sweeps of the runs say about a report of several of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from src.analysis.report import build
from src.analysis.report.build import build_report
from tests.unit.analysis.conftest import MakeRun

GROWN = {
    "jobs": [{"folder": str(seed), "overrides": [f"seed={seed}"]} for seed in range(3)],
    "history": [{"planned_at": None, "command": None, "seeds": [0]}],
}
WARNING = "Seeds were added: the sweep was planned with 1 before it was planned with 3."


def write_sweep(folder: Path, **content: Any) -> Path:
    (folder / "sweep.json").write_text(json.dumps({"jobs": [], **content}))
    return folder


@pytest.fixture(autouse=True)
def _no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "draw_figures", lambda *_: [])


def test_report_of_several_sweeps_names_the_one_whose_seeds_were_added(
    make_run: MakeRun, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    for seed in range(3):
        make_run("scheduler=constant", f"seed={seed}", folder=f"grown/{seed}")
        make_run("scheduler=step", f"seed={seed}", folder=f"other/{seed}")
    sweeps = [tmp_path / "sweep" / name for name in ("grown", "other")]
    write_sweep(sweeps[0], **GROWN)
    write_sweep(sweeps[1])
    build_report(sweeps, tmp_path / "both")
    printed = " ".join((capsys.readouterr().out + caplog.text).split())
    assert printed.count(f"{sweeps[0]}: {WARNING}") == 1
    assert printed.count("Seeds were added") == 1
    for name in ("report.html", "comparison.md", "comparison.tex"):
        assert f"grown: {WARNING}" in (tmp_path / "both" / name).read_text()


def test_report_of_one_sweep_does_not_repeat_its_folder(make_run: MakeRun, tmp_path: Path) -> None:
    make_run(folder="grown/0")
    folder = write_sweep(tmp_path / "sweep" / "grown", **GROWN)
    build_report([folder], folder)
    assert f"grown: {WARNING}" not in (folder / "report.html").read_text()
    assert WARNING in (folder / "report.html").read_text()
