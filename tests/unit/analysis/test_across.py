"""Runs that differ in the optimizer alone share a table if the user asks for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.analysis.across import check_across
from src.analysis.report.results import load_results
from src.errors import UsageError
from tests.unit.analysis.conftest import MakeRun

SGD, ADAMW = "constant (optimizer=sgd)", "constant (optimizer=adamw)"


def make_optimizers(make_run: MakeRun, *overrides: str) -> None:
    for seed in range(6):
        make_run("optimizer=sgd", f"seed={seed}", *overrides, accuracy=0.9 + seed / 100)
        make_run("optimizer=sgd", "scheduler=cosine", f"seed={seed}", *overrides, accuracy=0.91 + seed / 100)
        make_run("optimizer=adamw", f"seed={seed}", *overrides, accuracy=0.92 + seed / 100)


def test_optimizers_share_a_table_and_name_its_rows(make_run: MakeRun, tmp_path: Path) -> None:
    make_optimizers(make_run)
    table = load_results([tmp_path / "sweep"], SGD, across_optimizer=True).table
    assert set(table["optimizer"]) == {"adamw + sgd"}
    assert set(table["label"]) == {SGD, ADAMW, "cosine (optimizer=sgd)"}  # also the one that most settings have
    rows = table.set_index("label")
    assert rows.loc[ADAMW, "difference"] == pytest.approx(-0.02)  # paired by seed
    assert rows.loc[ADAMW, "verdict"] == "better"


def test_optimizers_have_tables_of_their_own_otherwise(make_run: MakeRun, tmp_path: Path) -> None:
    make_optimizers(make_run)
    table = load_results([tmp_path / "sweep"]).table
    assert set(table["optimizer"]) == {"sgd", "adamw"}
    assert set(table["label"]) == {"constant", "cosine"}


def test_other_differences_still_make_tables_of_their_own(make_run: MakeRun, tmp_path: Path) -> None:
    make_optimizers(make_run)
    make_optimizers(make_run, "epochs=3")
    make_run("optimizer=sgd", "epochs=4")
    table = load_results([tmp_path / "sweep"], SGD, across_optimizer=True).table
    assert table.groupby("epochs")["optimizer"].unique().map(list).to_dict() == {
        2: ["adamw + sgd"], 3: ["adamw + sgd"], 4: ["sgd"],
    }  # fmt: skip


def test_every_optimizer_is_judged_at_its_own_tuned_rate(make_run: MakeRun, tmp_path: Path) -> None:
    for optimizer, best in (("sgd", 0.1), ("adamw", 0.001)):
        for lr in (0.1, 0.001):
            accuracy = 0.9 if lr == best else 0.5
            common = (f"optimizer={optimizer}", f"optimizer.lr={lr}")
            make_run(*common, "seed=7", "read_test=false", accuracy=accuracy)
            for seed in range(6):
                make_run(*common, f"seed={seed}", accuracy=accuracy)
    table = load_results([tmp_path / "sweep"], SGD, across_optimizer=True).table
    assert table.set_index("label")["lr"].to_dict() == {SGD: 0.1, ADAMW: 0.001}


def test_nothing_to_compare_across_is_an_error(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("optimizer=sgd")
    with pytest.raises(UsageError, match=r"no runs differ in the optimizer alone \(optimizers: sgd\); leave across="):
        load_results([tmp_path / "sweep"], across_optimizer=True)
    with pytest.raises(UsageError, match="across=model: only optimizers can share a table; give across=optimizer"):
        check_across("model")
