"""Curves of runs: what is drawn."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from src.analysis.collect import collect
from src.analysis.figures.curves import draw_loss_curves, draw_lr_curves
from src.analysis.figures.style import palette
from src.analysis.labels import display_names
from src.analysis.series import Series, read_series
from tests.unit.analysis.conftest import MakeRun


def test_lr_curves_draw_the_lr_of_each_update(make_run: MakeRun, tmp_path: Path) -> None:
    folder = make_run("scheduler=step")
    runs = collect([tmp_path]).runs
    runs = runs.assign(name=display_names(runs))
    steps = pd.DataFrame({"step": [0, 1, 2, 3], "lr": [0.02, 0.02, 0.01, 0.01]})
    series = Series(read_series(runs).histories, {str(folder): steps}, [])
    figure = draw_lr_curves(runs, series, palette(runs["name"]))
    assert figure is not None
    line = figure.axes[0].lines[0]
    assert line.get_ydata().tolist() == [0.02, 0.02, 0.01, 0.01, 0.01]
    assert line.get_xdata().tolist() == [0.0, 0.5, 1.0, 1.5, 2.0]  # two updates per epoch, up to its end
    series.steps[str(folder)] = steps[1:]  # the first update was lost: the others keep their places
    figure = draw_lr_curves(runs, series, palette(runs["name"]))
    assert figure is not None
    assert figure.axes[0].lines[0].get_xdata().tolist() == [0.5, 1.0, 1.5, 2.0]
    assert draw_lr_curves(runs, Series(series.histories, {}, []), palette(runs["name"])) is None


def test_bands_are_the_quartiles_over_seeds(make_run: MakeRun, tmp_path: Path) -> None:
    for seed, loss in enumerate((1.0, 2.0, 4.0, 8.0, float("inf"))):  # the last one diverged in its first epoch
        path = make_run(f"seed={seed}", "epochs=1") / "history.csv"
        header = path.read_text().splitlines()[0]
        path.write_text(f"{header}\n1,20,0.02,{loss},0.5,{loss},0.5,1.0\n")
    runs = collect([tmp_path]).runs
    runs = runs.assign(name=display_names(runs))
    axes = draw_loss_curves(runs, read_series(runs), palette(runs["name"])).axes[1]
    assert axes.lines[0].get_xydata().tolist() == [[1, 3.0]]
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (1.75, 5.0)
