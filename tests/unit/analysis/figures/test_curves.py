"""Losses and accuracies of runs: what is drawn."""

from __future__ import annotations

from pathlib import Path

from src.analysis.collect import collect
from src.analysis.figures.curves import draw_accuracy_curves, draw_loss_curves
from src.analysis.figures.style import palette
from src.analysis.labels import display_names
from tests.unit.analysis.conftest import MakeRun
from tests.unit.analysis.figures.conftest import unchecked_series


def test_bands_are_the_quartiles_over_seeds(make_run: MakeRun, tmp_path: Path) -> None:
    for seed, loss in enumerate((1.0, 2.0, 4.0, 8.0, float("inf"))):  # the last one diverged in its first epoch
        folder = make_run(f"seed={seed}")
        (folder / "history.csv").write_text(f"epoch,train_loss,val_loss\n1,{loss},{loss}\n")
    runs = collect([tmp_path]).runs
    runs = runs.assign(name=display_names(runs))
    axes = draw_loss_curves(runs, unchecked_series(runs), palette(runs["name"])).axes[1]
    assert axes.lines[0].get_xydata().tolist() == [[1, 4.0]]
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (2.0, 8.0)


def test_median_ends_where_half_of_the_runs_are_lost(make_run: MakeRun, tmp_path: Path) -> None:
    losses = {"completed": ("1,4.0,4.0", "2,2.0,2.0", "3,1.0,1.0"), "diverged": ("1,5.0,5.0", "2,inf,nan")}
    for seed, status in enumerate(("completed", "diverged", "completed", "diverged", "diverged")):
        folder = make_run(f"seed={seed}", status=status)
        (folder / "history.csv").write_text("\n".join(("epoch,train_loss,val_loss", *losses[status], "")))
    runs = collect([tmp_path]).runs
    runs = runs.assign(name=display_names(runs))
    axes = draw_loss_curves(runs, unchecked_series(runs), palette(runs["name"])).axes[1]
    (line,) = axes.lines
    assert line.get_xydata().tolist() == [[1, 5.0]]


def test_few_seeds_are_dots_without_an_interval(make_run: MakeRun, tmp_path: Path) -> None:
    for seed, loss in enumerate((1.0, 2.0, 4.0, 8.0)):
        folder = make_run(f"seed={seed}")
        (folder / "history.csv").write_text(f"epoch,train_loss,val_loss\n1,{loss},{loss}\n")
    runs = collect([tmp_path]).runs
    runs = runs.assign(name=display_names(runs))
    axes = draw_loss_curves(runs, unchecked_series(runs), palette(runs["name"])).axes[1]
    median, dots = axes.lines
    assert not axes.collections
    assert median.get_ydata().tolist() == [3.0]
    assert sorted(dots.get_ydata()) == [1.0, 2.0, 4.0, 8.0]


def test_curves_come_in_the_order_of_the_styles(make_run: MakeRun, tmp_path: Path) -> None:
    names = ["step", "cosine", "linear"]
    for number, name in enumerate(names):
        folder = make_run(f"scheduler={name}")
        (folder / "history.csv").write_text(f"epoch,train_accuracy,val_accuracy\n1,0.5,0.{number + 1}\n")
    runs = collect([tmp_path]).runs.assign(name=lambda rows: rows["scheduler"])
    figure = draw_accuracy_curves(runs, unchecked_series(runs), palette([*names, "noam"]))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == names
    assert [line.get_ydata().tolist() for line in figure.axes[1].lines] == [[10.0], [20.0], [30.0]]
