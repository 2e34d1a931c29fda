"""Curves of runs: what is read and what is drawn."""

from __future__ import annotations

from pathlib import Path

from src.analysis.collect import collect
from src.analysis.figures.curves import draw_loss_curves, draw_lr_curves, read_histories
from src.analysis.figures.style import palette
from src.analysis.labels import display_names
from tests.unit.analysis.conftest import MakeRun


def test_lr_curves_draw_the_lr_of_each_update(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=step")
    runs = collect([tmp_path]).runs
    runs = runs.assign(name=display_names(runs))
    axes = draw_lr_curves(runs, read_histories(runs["folder"]), palette(runs["name"])).axes[0]
    assert axes.lines[0].get_ydata().tolist() == [0.02, 0.02, 0.01, 0.01, 0.01]
    assert axes.lines[0].get_xdata().tolist() == [0.0, 0.5, 1.0, 1.5, 2.0]  # two updates per epoch, up to its end


def test_histories_are_read_as_one_table(make_run: MakeRun) -> None:
    first, second, empty = make_run("seed=0"), make_run("seed=1"), make_run("seed=2")
    (second / "history.csv").write_text("step,epoch,val_loss\n5,1,inf\n")  # written by another version
    (empty / "history.csv").write_text("")
    histories = read_histories(map(str, (first, second, empty)))
    assert histories["folder"].tolist() == [str(first)] * 2 + [str(second)]
    assert histories["epoch"].tolist() == [1, 2, 1]
    assert histories["val_loss"].tolist() == [1.1, 0.9, float("inf")]
    assert read_histories([]).empty


def test_bands_are_the_quartiles_over_seeds(make_run: MakeRun, tmp_path: Path) -> None:
    for seed, loss in enumerate((1.0, 2.0, 4.0, 8.0, float("inf"))):  # the last one diverged in its first epoch
        folder = make_run(f"seed={seed}")
        (folder / "history.csv").write_text(f"epoch,train_loss,val_loss\n1,{loss},{loss}\n")
    runs = collect([tmp_path]).runs
    runs = runs.assign(name=display_names(runs))
    axes = draw_loss_curves(runs, read_histories(runs["folder"]), palette(runs["name"])).axes[1]
    assert axes.lines[0].get_xydata().tolist() == [[1, 3.0]]
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (1.75, 5.0)
