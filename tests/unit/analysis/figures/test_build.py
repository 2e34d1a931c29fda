"""Which figures a report has, and what they are called."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from src.analysis.collect import collect
from src.analysis.figures import build
from src.analysis.figures.build import draw_figures
from src.analysis.report.results import Results, compute_results
from src.analysis.series import read_series
from tests.unit.analysis.conftest import MakeRun

TITLES: dict[str, str] = {}  # of the figures, by file name


@pytest.fixture(autouse=True)
def _files_are_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    def save(figure: Figure, folder: Path, name: str, **_: bool) -> list[Path]:
        TITLES[f"{name}.png"] = "\n".join(text.get_text() for text in figure.findobj(Text))
        return [folder / f"{name}.png"]

    TITLES.clear()
    monkeypatch.setattr(build, "save_figure", save)


def results_of(folder: Path) -> Results:
    return compute_results(collect([folder / "sweep"]))


def draw(folder: Path) -> list[str]:
    results = results_of(folder)
    tables = (results.table, results.sensitivity, results.trials)
    paths = draw_figures(results.evaluation, read_series(results.evaluation), *tables, folder / "figures")
    return [path.name for path in paths]


def test_rates_of_a_sweep_without_a_protocol_are_compared(make_run: MakeRun, tmp_path: Path) -> None:
    for lr, accuracy in ((0.01, 0.8), (0.1, 0.9)):
        make_run("scheduler=step", f"optimizer.lr={lr}", accuracy=accuracy)
        make_run("scheduler=cosine", f"optimizer.lr={lr}", accuracy=accuracy)
    assert "lr_sensitivity.png" in draw(tmp_path)
    sensitivity = results_of(tmp_path).sensitivity
    assert sensitivity[["scheduler", "lr", "median_val_error"]].to_numpy().tolist() == [
        ["cosine", 0.01, 0.2], ["cosine", 0.1, 0.1], ["step", 0.01, 0.2], ["step", 0.1, 0.1],
    ]  # fmt: skip


def test_figures_of_an_earlier_report_are_deleted_and_those_of_the_user_are_not(
    make_run: MakeRun, tmp_path: Path
) -> None:
    make_run("scheduler=step")
    (tmp_path / "figures").mkdir()
    own, others = ["mean_ranks.svg", "test_error_12.png"], ["loss_curves.edited.svg", "test_error_for_paper.png"]
    for name in own + others:
        (tmp_path / "figures" / name).write_text("")
    draw(tmp_path)
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == others


def test_one_rate_per_schedule_has_no_figure_of_its_sensitivity(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=step", "optimizer.lr=0.01")
    make_run("scheduler=cosine", "optimizer.lr=0.1")
    assert draw(tmp_path) == ["test_error.png", "lr_curves.png", "loss_curves.png", "accuracy_curves.png"]


def test_text_of_users_is_no_formula_in_any_figure(make_run: MakeRun, tmp_path: Path) -> None:
    for epochs in (2, 3):
        for size in (16, 32):
            for mode in ("$x^$", "triangular"):
                make_run("scheduler=cyclic", f"scheduler.mode={mode}", f"epochs={epochs}", f"batch_size={size}")
    assert {"rank_against_budget.png", "mean_ranks.png"} <= set(draw(tmp_path))
    assert all(r"cyclic (mode=\$x^\$)" in TITLES[name] for name in ("rank_against_budget.png", "mean_ranks.png"))


def test_number_of_a_figure_is_that_of_its_workload(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=step", "model=mlp")  # only this one can be drawn as a curve
    (make_run("scheduler=step", "model=lenet") / "history.csv").unlink()
    names = draw(tmp_path)
    (curves,) = [name for name in names if name.startswith("lr_curves")]
    assert " mlp " in TITLES[curves]
    errors = curves.replace("lr_curves", "test_error")
    assert " mlp " in TITLES[errors]
    assert " mlp " not in TITLES["test_error_1.png" if errors == "test_error_2.png" else "test_error_2.png"]


def test_curves_by_epoch_are_drawn_of_workloads_with_several_epochs(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=step", "epochs=1")
    assert draw(tmp_path) == ["test_error.png", "lr_curves.png"]
    make_run("scheduler=step", "epochs=2")
    names = draw(tmp_path)
    assert [name for name in names if name.startswith("lr_curves")] == ["lr_curves_1.png", "lr_curves_2.png"]
    (losses,) = [name for name in names if name.startswith("loss_curves")]
    assert "2 epochs" in TITLES[losses]
