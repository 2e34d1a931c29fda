"""A folder of records becomes tables, figures and a page."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from src.analysis.report import build
from src.analysis.report.build import build_report
from src.errors import UsageError
from tests.republish import from_csv
from tests.unit.analysis.conftest import GPU, PROVENANCE, MakeRun

FIGURES = ("accuracy_curves", "loss_curves", "lr_curves", "test_error")  # of every workload


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Builds reports without figures, which take most of the time."""
    monkeypatch.setattr(build, "draw_figures", lambda *_: [])


def test_report_is_built_from_records(make_run: MakeRun, tmp_path: Path) -> None:
    for scheduler in ("step", "cosine"):
        make_run(f"scheduler={scheduler}")
    out = tmp_path / "out"
    build_report([tmp_path / "sweep"], out)
    assert list(pd.read_csv(out / "runs.csv")["scheduler"]) == ["cosine", "step"]
    assert list(pd.read_csv(out / "comparison.csv")["n"]) == [1, 1]
    assert "| step" in (out / "comparison.md").read_text()
    for name in ("lr_curves", "loss_curves", "accuracy_curves"):
        assert (out / "figures" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert "<svg" in (out / "figures" / f"{name}.svg").read_text()


def test_second_report_draws_the_same_figures_and_replaces_the_event_file(make_run: MakeRun, tmp_path: Path) -> None:
    make_run()
    build_report([tmp_path / "sweep"], tmp_path)
    first = shutil.copytree(tmp_path / "figures", tmp_path / "first")
    for path in (tmp_path / "figures").iterdir():
        path.write_text("drawn by another version")
    build_report([tmp_path / "sweep"], tmp_path)
    names = sorted(path.name for path in first.iterdir())
    assert names == sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert {"test_error.svg", "test_error.png"} <= set(names)
    for name in names:
        assert (first / name).read_bytes() == (tmp_path / "figures" / name).read_bytes()
    (path,) = tmp_path.glob("events.out.tfevents.*")
    events = EventAccumulator(str(path)).Reload()
    assert "visuals/test_error" in events.Tags()["images"]
    (image,) = events.Images("visuals/lr_curves")
    assert image.encoded_image_string == (tmp_path / "figures" / "lr_curves.png").read_bytes()
    assert (image.width, image.height) > (1000, 500)


@pytest.mark.usefixtures("no_figures")
def test_sweep_file_gives_the_reference_and_the_planned_runs(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(3):
        make_run("scheduler=constant", f"seed={seed}", accuracy=0.9)
        make_run("scheduler=cosine", f"seed={seed}", accuracy=0.95)
    assert set(build_report([tmp_path / "sweep"], tmp_path)["reference"]) == {"constant"}
    jobs = [{"folder": path.parent.name} for path in (tmp_path / "sweep").rglob("result.json")]
    make_run("scheduler=step")  # not planned
    sweep = {"protocol": {"reference": "cosine"}, "jobs": jobs}
    (tmp_path / "sweep" / "sweep.json").write_text(json.dumps(sweep))
    table = build_report([tmp_path / "sweep"], tmp_path).set_index("scheduler")
    assert set(table["reference"]) == {"cosine"}
    assert table.loc["constant", "difference"] == pytest.approx(0.05)
    assert "step" not in table.index
    assert set(build_report([tmp_path / "sweep"], tmp_path, "constant")["reference"]) == {"constant"}
    with pytest.raises(UsageError, match="choose one of constant, cosine"):
        build_report([tmp_path / "sweep"], tmp_path, "nope")
    assert "Not finished" not in (tmp_path / "report.html").read_text()
    (tmp_path / "sweep" / "sweep.json").write_text(json.dumps({**sweep, "jobs": [*jobs, {"folder": "runs/missing"}]}))
    build_report([tmp_path / "sweep"], tmp_path / "elsewhere")
    assert "Not finished: 1 planned run without a record." in (tmp_path / "elsewhere" / "report.html").read_text()
    for name in ("comparison.md", "comparison.tex"):
        assert "Not finished: 1 planned run" in (tmp_path / "elsewhere" / name).read_text().splitlines()[0]


@pytest.mark.usefixtures("no_figures")
def test_mixed_setup_is_logged_and_heads_the_tables(
    make_run: MakeRun, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make_run("seed=0")
    make_run("seed=1", provenance=PROVENANCE | {"num_threads": 2})
    build_report([tmp_path / "sweep"], tmp_path)
    warning = "batch 64: These runs are not from one setup: 1 with 1 thread and 1 with 2 threads."
    assert warning in caplog.text
    for name in ("comparison.md", "comparison.tex"):
        assert warning in (tmp_path / name).read_text().splitlines()[0]


@pytest.mark.usefixtures("no_figures")
def test_csv_has_full_precision(make_run: MakeRun, tmp_path: Path) -> None:
    make_run(accuracy=1 / 3)
    build_report([tmp_path / "sweep"], tmp_path)
    assert pd.read_csv(tmp_path / "comparison.csv")["test_accuracy_mean"][0] == 1 / 3


def test_failed_run_is_a_row_with_its_error(
    make_run: MakeRun, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make_run("scheduler=step")
    failed = make_run("scheduler=cosine", status="failed", accuracy=None)
    (failed / "steps.csv").unlink()
    (failed / "history.csv").unlink()
    table = build_report([tmp_path / "sweep"], tmp_path)
    assert dict(zip(table["scheduler"], table["failed"], strict=True)) == {"step": 0, "cosine": 1}
    assert "RuntimeError: out of memory" in caplog.text
    errors = pd.read_csv(tmp_path / "runs.csv").set_index("scheduler")["error"]
    assert errors["cosine"] == "RuntimeError: out of memory"  # without its traceback
    assert pd.isna(errors["step"])


def test_text_of_users_is_neither_markup_nor_a_formula(make_run: MakeRun, tmp_path: Path) -> None:
    hostile = "</td><b>a|b`c`[/d]$x^$"
    for mode in (hostile, "triangular"):
        make_run("scheduler=cyclic", f"scheduler.mode={mode}")
    make_run("scheduler=step", status="failed", accuracy=None, error="=1+1\n@SUM(A1)")
    build_report([tmp_path / "sweep"], tmp_path)
    lines = (tmp_path / "comparison.md").read_text().splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) == 5
    assert len({len(re.findall(r"(?<!\\)[|]", row)) for row in rows}) == 1
    assert r"&lt;/td&gt;&lt;b&gt;a\|b\`c\`\[/d\]$x^$" in rows[2] + rows[3]
    assert not [line for line in lines if "<b>" in line]
    runs = from_csv(pd.read_csv(tmp_path / "runs.csv"))
    assert sorted(runs["label"]) == [f"cyclic (mode={hostile})", "cyclic (mode=triangular)", "step"]
    assert ",'=1+1," in (tmp_path / "runs.csv").read_text()
    assert runs["error"].dropna().tolist() == ["=1+1"]
    assert r"$<$/td$>$$<$b$>$a|b`c`[/d]\$x\textasciicircum{}\$" in (tmp_path / "comparison.tex").read_text()
    assert hostile not in (tmp_path / "report.html").read_text()
    assert html.escape(hostile) in (tmp_path / "report.html").read_text()


def test_sweep_of_diverged_runs_has_tables_and_figures(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run(status="diverged", accuracy=None)
    header = "epoch,step,lr,train_loss,train_accuracy,val_loss,val_accuracy,train_seconds\n"
    (run / "history.csv").write_text(header + "1,2,0.02,nan,0.1,nan,0.1,1.0\n")
    table = build_report([tmp_path / "sweep"], tmp_path)
    assert table["diverged"].tolist() == [1]
    assert (tmp_path / "figures" / "loss_curves.png").exists()


def test_run_without_its_series_is_named_and_not_drawn(
    make_run: MakeRun, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = make_run()
    (run / "steps.csv").unlink()
    build_report([tmp_path / "sweep"], tmp_path)
    assert f"Not drawn: {run} has no steps.csv" in caplog.text


def test_run_with_a_damaged_history_is_named_in_the_log_and_on_the_page(
    make_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    drawn: dict[str, list[str]] = {}

    def keep(figure: Figure, folder: Path, name: str, **_: object) -> list[Path]:
        drawn[name] = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
        return []

    monkeypatch.setattr("src.analysis.figures.build.save_figure", keep)
    make_run("scheduler=step")
    path = make_run("scheduler=cosine") / "history.csv"
    path.write_text(path.read_text().replace("0.5", "half", 1))
    table = build_report([tmp_path / "sweep"], tmp_path)
    assert table["n"].tolist() == [1, 1]
    problem = f"{path} line 2: train_accuracy is 'half', not a number; left out of the figures"
    assert f"Not drawn: {problem}" in caplog.text
    assert problem in html.unescape((tmp_path / "report.html").read_text())
    assert drawn["loss_curves"] == drawn["lr_curves"] == ["step"]


def test_report_without_any_undamaged_curve_has_its_other_figures(make_run: MakeRun, tmp_path: Path) -> None:
    (make_run() / "history.csv").write_bytes(b"\xff")
    build_report([tmp_path / "sweep"], tmp_path)
    assert [path.name for path in sorted((tmp_path / "figures").iterdir())] == ["test_error.png", "test_error.svg"]


@pytest.mark.parametrize("name", ["report.html", "comparison.csv", "pairwise.csv", "figures/test_error.png"])
def test_folder_in_the_place_of_a_result_is_refused(name: str, make_run: MakeRun, tmp_path: Path) -> None:
    make_run()
    (tmp_path / name).mkdir(parents=True)
    with pytest.raises(UsageError, match=f"{name} is a folder, not a file; move it away"):
        build_report([tmp_path / "sweep"], tmp_path)
    assert (tmp_path / "comparison.md").exists() == ("/" in name)  # figures are drawn after the tables


@pytest.mark.usefixtures("no_figures")
def test_report_goes_on_without_a_sweep_file_that_is_none(
    make_run: MakeRun, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make_run()
    os.mkfifo(tmp_path / "sweep" / "sweep.json")
    assert build_report([tmp_path / "sweep"], tmp_path / "sweep")["n"].tolist() == [1]
    assert "sweep.json is a named pipe, not a file" in caplog.text


def test_file_in_the_place_of_the_figures_is_refused(make_run: MakeRun, tmp_path: Path) -> None:
    make_run()
    (tmp_path / "figures").touch()
    with pytest.raises(UsageError, match="figures is not a folder; move it away"):
        build_report([tmp_path / "sweep"], tmp_path)


def test_failed_runs_alone_make_a_table(make_run: MakeRun, tmp_path: Path) -> None:
    make_run(status="failed", accuracy=None)
    assert build_report([tmp_path / "sweep"], tmp_path)["n"].tolist() == [0]


def test_folder_without_records_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no run records"):
        build_report([tmp_path], tmp_path)


def test_workloads_on_different_devices_have_titles_and_files_of_their_own(
    make_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    figures: dict[str, str] = {}

    def keep(figure: Figure, folder: Path, name: str, **_: object) -> list[Path]:
        assert name not in figures
        figures[name] = figure.get_suptitle().splitlines()[-1]
        return []

    monkeypatch.setattr("src.analysis.figures.build.save_figure", keep)
    make_run("seconds=60", "interval=second")
    make_run("seconds=60", "interval=second", "seed=1", **GPU)
    build_report([tmp_path / "sweep"], tmp_path)
    markdown, latex, page = (
        (tmp_path / name).read_text() for name in ("comparison.md", "comparison.tex", "report.html")
    )
    titles = re.findall(r"^### (.*)$", markdown, re.MULTILINE)
    assert ["· cpu ·" in title for title in titles] == [True, False]
    assert ["· cuda ·" in title for title in titles] == [False, True]
    assert figures == {f"{name}_{number}": title for name in FIGURES for number, title in enumerate(titles, 1)}
    printed = " ".join(capsys.readouterr().out.split())
    for title in titles:
        assert title in printed
        assert f"caption{{{title}.".replace("·", r"$\cdot$") in latex
        for element in ("h2>{}</h2>", "h3>{}</h3>", "summary>{}: 1 run</summary>"):
            assert page.count(element.format(title)) == 1
