"""A report replaces its own files and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from src import layout
from src.analysis.own_files import check_own_files
from src.analysis.report.build import build_report
from src.errors import UsageError
from tests.unit.analysis.conftest import MakeRun


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("name", ["runs.csv", "pairwise.csv", "comparison.md", "comparison.tex", "report.html"])
def test_file_of_the_user_is_refused_and_stays(name: str, make_run: MakeRun, tmp_path: Path) -> None:
    make_run()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("my notes\n")
    with pytest.raises(UsageError, match=rf"out/{name} is not from a report, which would replace it; move it away"):
        build_report([tmp_path / "sweep"], tmp_path / "out")
    assert contents(tmp_path / "out") == {name: b"my notes\n"}


def test_table_that_a_report_would_delete_is_refused_too(make_run: MakeRun, tmp_path: Path) -> None:
    make_run()
    build_report([tmp_path / "sweep"], tmp_path / "out")
    (tmp_path / "out" / "budget_table.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=r"budget_table\.csv is not from a report"):
        build_report([tmp_path / "sweep"], tmp_path / "out")


def test_files_of_an_earlier_report_are_replaced(make_run: MakeRun, tmp_path: Path) -> None:
    for lr in (0.1, 0.2):
        for epochs in (2, 3):
            for scheduler in ("constant", "cosine"):
                make_run(f"scheduler={scheduler}", f"epochs={epochs}", f"optimizer.lr={lr}", accuracy=0.9 + lr / 10)
    build_report([tmp_path / "sweep"], tmp_path / "out")
    assert {layout.COMPARISON_TEX, layout.BUDGET_TABLE, layout.LR_SENSITIVITY} <= set(contents(tmp_path / "out"))
    check_own_files(tmp_path / "out")
    (tmp_path / "out" / "runs.csv").unlink()
    comparison = (tmp_path / "out" / "comparison.csv").read_text()
    (tmp_path / "out" / "comparison.csv").write_text(
        "\ufeff" + comparison.replace(",", ";")
    )  # as a spreadsheet saves it
    check_own_files(tmp_path / "out")
    for path in (tmp_path / "out").glob("*.csv"):
        path.unlink()
    (tmp_path / "out" / "sweep.json").write_text("{}")
    check_own_files(tmp_path / "out")
