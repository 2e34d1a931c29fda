"""Which figures a report has, and what they are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.analysis.collect import collect
from src.analysis.figures import build
from src.analysis.figures.build import draw_figures, workload_of
from src.analysis.report.results import Results, compute_results
from tests.unit.analysis.conftest import MakeRun


@pytest.fixture(autouse=True)
def _files_are_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "save_figure", lambda _, folder, name, **__: [folder / f"{name}.png"])


def results_of(folder: Path) -> Results:
    return compute_results(collect([folder / "sweep"]))


def draw(folder: Path) -> list[str]:
    results = results_of(folder)
    paths = draw_figures(results.evaluation, results.table, results.sensitivity, results.trials, folder / "figures")
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


def test_one_rate_per_schedule_has_no_figure_of_its_sensitivity(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=step", "optimizer.lr=0.01")
    make_run("scheduler=cosine", "optimizer.lr=0.1")
    assert draw(tmp_path) == ["test_error.png", "lr_curves.png", "loss_curves.png", "accuracy_curves.png"]


def test_number_of_a_figure_is_that_of_its_workload(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=step", "model=mlp")  # only this one can be drawn as a curve
    (make_run("scheduler=step", "model=lenet") / "history.csv").unlink()
    names = draw(tmp_path)
    results = results_of(tmp_path)
    titles = {name: workload_of(name.removesuffix(".png"), results.table, results.sensitivity) for name in names}
    (curves,) = [name for name in names if name.startswith("lr_curves")]
    assert " mlp " in titles[curves]
    models = {title.split(" · ")[1] for name, title in titles.items() if name.startswith("test_error")}
    assert models == {"lenet", "mlp"}


def test_figure_without_a_number_shows_everything(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=step")
    results = results_of(tmp_path)
    assert workload_of("rank_against_budget", results.table, results.sensitivity) == ""
    assert workload_of("test_error", results.table, results.sensitivity) == ""
