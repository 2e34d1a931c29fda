"""A folder of records becomes tables and pictures, from the records alone."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from src.analysis.collect import collect
from src.analysis.figures.curves import draw_lr_curves, read_histories
from src.analysis.figures.style import STYLES, palette
from src.analysis.labels import display_names
from src.analysis.report.build import build_report
from src.errors import UsageError
from tests.unit.analysis.conftest import MakeRun


def test_everything_is_rebuilt_from_records(make_run: MakeRun, tmp_path: Path) -> None:
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


def test_tensorboard_shows_the_figures(make_run: MakeRun, tmp_path: Path) -> None:
    make_run()
    build_report([tmp_path / "sweep"], tmp_path)
    build_report([tmp_path / "sweep"], tmp_path)  # the second report takes the place of the first
    (path,) = tmp_path.glob("events.out.tfevents.*")
    events = EventAccumulator(str(path)).Reload()
    assert "figures/test_error" in events.Tags()["images"]
    (image,) = events.Images("figures/lr_curves")
    assert image.encoded_image_string == (tmp_path / "figures" / "lr_curves.png").read_bytes()
    assert (image.width, image.height) > (1000, 500)


def test_the_reference_is_that_of_the_protocol(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(3):
        make_run("scheduler=constant", f"seed={seed}", accuracy=0.9)
        make_run("scheduler=cosine", f"seed={seed}", accuracy=0.95)
    assert set(build_report([tmp_path / "sweep"], tmp_path)["reference"]) == {"constant"}
    jobs = [{"folder": path.parent.name} for path in (tmp_path / "sweep").rglob("result.json")]
    make_run("scheduler=step")  # which nobody planned
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


def test_the_csv_has_full_precision(make_run: MakeRun, tmp_path: Path) -> None:
    make_run(accuracy=1 / 3)
    build_report([tmp_path / "sweep"], tmp_path)
    assert pd.read_csv(tmp_path / "comparison.csv")["test_accuracy_mean"][0] == 1 / 3


def test_a_failed_run_is_a_row_with_its_error(
    make_run: MakeRun, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make_run("scheduler=step")
    failed = make_run("scheduler=cosine", status="failed", accuracy=None)
    (failed / "steps.csv").unlink()
    (failed / "history.csv").unlink()
    table = build_report([tmp_path / "sweep"], tmp_path)
    assert dict(zip(table["scheduler"], table["failed"], strict=True)) == {"step": 0, "cosine": 1}
    assert "RuntimeError: out of memory" in caplog.text
    assert "out of memory" in str(pd.read_csv(tmp_path / "runs.csv").set_index("scheduler").loc["cosine", "error"])


def test_a_sweep_in_which_everything_diverged_has_tables_and_pictures(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run(status="diverged", accuracy=None)
    header = "epoch,step,lr,train_loss,train_accuracy,val_loss,val_accuracy,train_seconds\n"
    (run / "history.csv").write_text(header + "1,2,0.02,nan,0.1,nan,0.1,1.0\n")
    table = build_report([tmp_path / "sweep"], tmp_path)
    assert table["diverged"].tolist() == [1]
    assert (tmp_path / "figures" / "loss_curves.png").exists()


def test_a_run_without_its_series_is_named_and_not_drawn(
    make_run: MakeRun, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = make_run()
    (run / "steps.csv").unlink()
    build_report([tmp_path / "sweep"], tmp_path)
    assert f"Not drawn: {run}" in caplog.text


def test_only_failed_runs_still_make_a_table(make_run: MakeRun, tmp_path: Path) -> None:
    make_run(status="failed", accuracy=None)
    assert build_report([tmp_path / "sweep"], tmp_path)["n"].tolist() == [0]


def test_no_record_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no run record"):
        build_report([tmp_path], tmp_path)


def test_the_lr_picture_draws_what_was_logged(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=step")
    runs = collect([tmp_path]).runs
    runs = runs.assign(name=display_names(runs))
    axes = draw_lr_curves(runs, read_histories(runs["folder"]), palette(runs["name"])).axes[0]
    assert axes.lines[0].get_ydata().tolist() == [0.02, 0.02, 0.01, 0.01, 0.01]
    assert axes.lines[0].get_xdata().tolist() == [0.0, 0.5, 1.0, 1.5, 2.0]  # two updates an epoch, the last to its end


def test_thirty_schedules_can_be_told_apart() -> None:
    assert len(set(STYLES)) >= 30


def test_histories_are_read_as_one_table(make_run: MakeRun, tmp_path: Path) -> None:
    one, two, none = make_run("seed=0"), make_run("seed=1"), make_run("seed=2")
    (two / "history.csv").write_text("step,epoch,val_loss\n5,1,inf\n")  # of another version
    (none / "history.csv").write_text("")
    found = read_histories(map(str, (one, two, none)))
    assert found["folder"].tolist() == [str(one)] * 2 + [str(two)]
    assert found["epoch"].tolist() == [1, 2, 1]
    assert found["val_loss"].tolist() == [1.1, 0.9, float("inf")]
    assert read_histories([]).empty


def test_the_same_figure_is_the_same_file(make_run: MakeRun, tmp_path: Path) -> None:
    make_run()
    for name in ("one", "two"):
        build_report([tmp_path / "sweep"], tmp_path / name)
    figures = sorted(path.name for path in (tmp_path / "one" / "figures").iterdir())
    assert {"test_error.svg", "test_error.png"} <= set(figures)
    for name in figures:
        assert (tmp_path / "one" / "figures" / name).read_bytes() == (tmp_path / "two" / "figures" / name).read_bytes()
