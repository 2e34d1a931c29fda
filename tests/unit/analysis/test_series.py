"""History and steps as a run wrote them, and as a disk or a hand changed them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest

from src.analysis.collect import collect
from src.analysis.series import HISTORY_COLUMNS, STEPS_COLUMNS, RunSeries, read_series
from src.training import tracking
from src.training.metrics import EpochResult
from tests import damage
from tests.unit.analysis.conftest import MakeRun, config_of, record_of, write_run

HISTORIES, STEPS = damage.ANY_FILE | damage.HISTORY, damage.ANY_FILE | damage.STEPS


def series(folder: Path) -> RunSeries:
    return read_series(collect([folder]).runs)


def test_columns_are_those_that_runs_write() -> None:
    assert list(HISTORY_COLUMNS) == [field.name for field in fields(EpochResult)]
    assert list(STEPS_COLUMNS) == tracking._STEPS_COLUMNS


def test_histories_are_one_table(make_run: MakeRun, tmp_path: Path) -> None:
    first, second = make_run("seed=0"), make_run("seed=1", "epochs=3")
    curves = series(tmp_path)
    assert curves.histories["folder"].tolist() == [str(first)] * 2 + [str(second)] * 3
    assert curves.histories["epoch"].tolist() == [1, 2, 1, 2, 3]
    assert curves.histories["val_loss"].tolist() == [1.1, 1.1 / 2, 1.1, 1.1 / 2, 1.1 / 3]
    assert list(curves.histories) == ["folder", *HISTORY_COLUMNS]
    assert curves.problems == []


def test_columns_may_have_another_order_and_company(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run()
    path = run / "history.csv"
    rows = [line.split(",") for line in path.read_text().splitlines()]
    path.write_text("".join(",".join([*reversed(row), "note"]) + "\n" for row in rows))
    assert series(tmp_path).histories["epoch"].tolist() == [1, 2]


def test_one_run_of_a_setting_has_its_steps_read(make_run: MakeRun, tmp_path: Path) -> None:
    runs = [make_run(f"scheduler={name}", f"seed={seed}") for name in ("cosine", "step") for seed in (0, 1)]
    (runs[0] / "steps.csv").write_text("damaged\n")
    curves = series(tmp_path)
    assert list(curves.steps) == [str(runs[1]), str(runs[2])]
    assert curves.steps[str(runs[2])]["step"].tolist() == list(range(40))
    assert curves.problems == [f"{runs[0]}/steps.csv line 1: no column step; left out of the figures"]
    assert set(curves.histories["folder"]) == set(map(str, runs))  # its history is not damaged


def test_steps_of_a_completed_run_are_preferred(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("seed=0", status="diverged")
    completed = make_run("seed=1")
    assert list(series(tmp_path).steps) == [str(completed)]


def test_steps_may_lack_updates_that_a_resumed_run_could_not_recover(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run()
    header, *rows = (run / "steps.csv").read_text().splitlines(keepends=True)
    (run / "steps.csv").write_text("".join([header, *rows[7:]]))
    assert series(tmp_path).steps[str(run)]["step"].tolist() == list(range(7, 40))


def test_run_with_a_time_budget_has_any_number_of_epochs(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run("seconds=5", "interval=second", "epochs=1")
    header = (run / "history.csv").read_text().splitlines()[0]
    (run / "history.csv").write_text(f"{header}\n1,50,0.1,1,0.5,1,0.5,1\n2,100,0.1,1,0.5,1,0.5,2\n")
    assert len(series(tmp_path).histories) == 2


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The table of one run whose files are as it wrote them."""
    folder = tmp_path_factory.mktemp("sweep")
    write_run(record_of(config_of("epochs=3")), folder / "run")
    runs = collect([folder]).runs
    curves = read_series(runs)
    assert (curves.problems, len(curves.histories), len(curves.steps)) == ([], 3, 1)
    return runs


@pytest.mark.parametrize(("change", "message"), HISTORIES.values(), ids=HISTORIES)
def test_damaged_history_is_named_and_left_out(change: damage.Damage, message: str, whole: pd.DataFrame) -> None:
    assert read_damaged(whole, "history.csv", change, message).histories.empty


@pytest.mark.parametrize(("change", "message"), STEPS.values(), ids=STEPS)
def test_damaged_steps_are_named_and_left_out(change: damage.Damage, message: str, whole: pd.DataFrame) -> None:
    assert read_damaged(whole, "steps.csv", change, message).steps == {}


def read_damaged(whole: pd.DataFrame, name: str, change: damage.Damage, message: str) -> RunSeries:
    """Reads the curves while a file is damaged, and puts it back: a table of runs takes longer than their curves."""
    path = Path(whole["folder"].item()) / name
    text = path.read_text()
    path.write_bytes(change(text))
    try:
        curves = read_series(whole)
    finally:
        path.write_text(text)
    (problem,) = curves.problems
    assert problem.startswith(f"{path} ")
    assert problem.endswith("; left out of the figures")
    assert message in problem
    return curves


@pytest.mark.parametrize(("make", "kind"), [(Path.mkdir, "a folder"), (os.mkfifo, "a named pipe")])
@pytest.mark.parametrize("name", ["history.csv", "steps.csv"])
def test_something_else_in_the_place_of_a_file_is_named(
    name: str, make: Callable[[Path], None], kind: str, make_run: MakeRun, tmp_path: Path
) -> None:
    path = make_run() / name
    path.unlink()
    make(path)
    assert series(tmp_path).problems == [f"{path} is {kind}, not a file; move it away; left out of the figures"]


def test_absent_files_are_counted(make_run: MakeRun, tmp_path: Path) -> None:
    runs = [make_run(f"seed={seed}") for seed in range(3)]
    (runs[0] / "steps.csv").unlink()
    assert series(tmp_path).problems == [f"{runs[0]} has no steps.csv; left out of the figures"]
    for run in runs:
        (run / "history.csv").unlink()
    assert series(tmp_path).problems == [f"3 runs have no history.csv, for example {runs[0]}; left out of the figures"]


def test_runs_that_did_not_end_have_no_curves(make_run: MakeRun, tmp_path: Path) -> None:
    (make_run(status="interrupted") / "history.csv").write_text("cut o")
    curves = series(tmp_path)
    assert curves.histories.empty
    assert (curves.steps, curves.problems) == ({}, [])
