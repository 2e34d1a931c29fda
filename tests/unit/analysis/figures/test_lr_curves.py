"""Learning-rate curves of runs."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from src.analysis.collect import collect
from src.analysis.figures.lr_curves import draw_lr_curves
from src.analysis.figures.style import ORDER, palette
from src.analysis.labels import display_names
from tests.unit.analysis.conftest import MakeRun
from tests.unit.analysis.figures.conftest import texts_of, unchecked_series

MakeSteps = Callable[[str, list[float]], Path]


def draw(folder: Path) -> Figure:
    runs = collect([folder]).runs
    runs = runs.assign(name=display_names(runs))
    figure = draw_lr_curves(runs, unchecked_series(runs), palette(runs["name"]))
    assert figure is not None
    return figure


@pytest.fixture
def make_steps(make_run: MakeRun) -> MakeSteps:
    """Writes a run of a schedule with the given learning rates over two epochs."""

    def make(name: str, lrs: list[float]) -> Path:
        rows = "".join(f"{step},{lr},1.0\n" for step, lr in enumerate(lrs))
        path = make_run(f"scheduler={name}") / "steps.csv"
        path.write_text("step,lr,loss\n" + rows)
        return path

    return make


def test_lr_curves_draw_the_lr_of_each_update(make_steps: MakeSteps, tmp_path: Path) -> None:
    make_steps("step", [0.02, 0.02, 0.01, 0.01])
    axes = draw(tmp_path).axes[0]
    assert axes.lines[0].get_ydata().tolist() == [0.02, 0.02, 0.01, 0.01, 0.01]
    assert axes.lines[0].get_xdata().tolist() == [0.0, 0.5, 1.0, 1.5, 2.0]  # two updates per epoch, up to its end


def test_updates_that_are_missing_leave_the_others_in_place(make_steps: MakeSteps, tmp_path: Path) -> None:
    steps = make_steps("step", [0.02, 0.02, 0.01, 0.01])
    header, _, *rest = steps.read_text().splitlines(keepends=True)
    steps.write_text("".join([header, *rest]))
    assert draw(tmp_path).axes[0].lines[0].get_xdata().tolist() == [0.5, 1.0, 1.5, 2.0]


def test_run_with_a_time_budget_may_end_in_an_epoch(make_run: MakeRun, tmp_path: Path) -> None:
    folder = make_run("scheduler=halving", "seconds=3", "batch_size=100")
    config = json.loads((folder / "result.json").read_text())["config"]
    per_epoch = math.ceil((config["data.num_train"] - config["data.num_val"]) / 100)
    lines = [f"{step},0.1,1.0" for step in range(per_epoch + 1)]
    (folder / "steps.csv").write_text("\n".join(("step,lr,loss", *lines, "")))
    epochs = draw(tmp_path).axes[0].lines[0].get_xdata()
    assert epochs[-1] == 1 + 1 / per_epoch


def test_without_steps_there_is_no_figure(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=step")
    runs = collect([tmp_path]).runs.assign(name="step")
    series = unchecked_series(runs)
    series.steps.clear()
    assert draw_lr_curves(runs, series, palette(["step"])) is None


def test_schedules_that_start_as_one_are_named(make_steps: MakeSteps, tmp_path: Path) -> None:
    make_steps("constant", [0.1] * 10)
    make_steps("wsd", [0.1] * 5 + [0.05] * 5)
    make_steps("trapezoid", [0.1] * 10)
    figure = draw(tmp_path)
    assert figure.legends[0].get_title().get_text().startswith("constant = trapezoid = wsd until 0.8\n")
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["constant = trapezoid", "wsd"]
    assert len(figure.axes[0].lines) == 2


def test_long_runs_are_drawn_with_fewer_points(make_steps: MakeSteps, tmp_path: Path) -> None:
    lrs = [0.05 * (1 + math.cos(math.pi * step / 3000)) for step in range(3000)]
    make_steps("cosine", lrs)
    linear, logarithmic = (axes.lines[0] for axes in draw(tmp_path).axes)
    for line in (linear, logarithmic):
        x, y = (np.asarray(values, dtype=float) for values in line.get_data())
        assert len(x) < 300
        visible = slice(0, 2900)  # where the log axis does not end
        assert np.interp(2 * np.arange(3000) / 3000, x, y)[visible] == pytest.approx(lrs[visible], rel=0.02, abs=1e-4)


def test_more_than_eight_schedules_get_a_panel_each(make_steps: MakeSteps, tmp_path: Path) -> None:
    names = sorted(ORDER[:9])
    for number, name in enumerate(names, 1):
        make_steps(name, [number / 10, 0.01])
    figure = draw(tmp_path)
    assert [axes.get_title("left") for axes in figure.axes] == names
    assert [axes.get_title("right") for axes in figure.axes] == [f"{number / 10:g}" for number in range(1, 10)]
    assert not figure.legends[0].get_texts()[0].get_text().startswith("constant")
    assert any(text.startswith("Panels: by mean test error, best first") for text in texts_of(figure))


def test_panel_of_many_equal_schedules_has_a_short_heading(make_steps: MakeSteps, tmp_path: Path) -> None:
    for number, name in enumerate(sorted(ORDER[:14])):
        make_steps(name, [0.1, 0.1] if number < 5 else [number / 10, 0.01])
    figure = draw(tmp_path)
    first, *equals = sorted(ORDER[:14])[:5]
    assert figure.axes[0].get_title("left") == f"{first} = 4 others"
    assert any(" = ".join([first, *equals]) in text for text in texts_of(figure))
