"""Means over seeds, best first, nothing mixed that is not comparable."""

from __future__ import annotations

import statistics
from pathlib import Path

import pandas as pd
import pytest

from src.analysis.collect import collect
from src.analysis.tables import comparison, readable, to_markdown, workloads
from tests.unit.analysis.conftest import MakeRun


@pytest.fixture
def table(make_run: MakeRun, tmp_path: Path) -> pd.DataFrame:
    for seed, (step, cosine) in enumerate([(0.90, 0.95), (0.92, 0.96), (0.97, 0.97)]):
        make_run("scheduler=step", f"seed={seed}", accuracy=step)
        make_run("scheduler=cosine", f"seed={seed}", accuracy=cosine)
        make_run("scheduler=one_cycle", f"seed={seed}", accuracy=0.99, status="completed" if seed else "diverged")
        make_run("scheduler=cyclic", f"seed={seed}", accuracy=None, status="diverged")
    make_run("scheduler=step", "epochs=3", accuracy=0.99)
    make_run("scheduler=step", "data.name=other", accuracy=0.99)
    return comparison(collect([tmp_path / "sweep"]).runs)


def rows_of(table: pd.DataFrame, title: str) -> pd.DataFrame:
    return dict(workloads(table))[title]


MAIN = "digits · softmax · sgd · 2 epochs · batch 64"


def test_mean_and_sample_standard_deviation_over_seeds(table: pd.DataFrame) -> None:
    step = rows_of(table, MAIN).set_index("scheduler").loc["step"]
    assert step["n"] == 3
    assert step["seeds"] == "0 1 2"
    assert step["test_accuracy_mean"] == pytest.approx(statistics.mean([0.90, 0.92, 0.97]))
    assert step["test_accuracy_sd"] == pytest.approx(statistics.stdev([0.90, 0.92, 0.97]))


def test_best_first_but_what_lost_runs_is_never_first(table: pd.DataFrame) -> None:
    assert list(rows_of(table, MAIN)["scheduler"]) == ["cosine", "step", "one_cycle", "cyclic"]


def test_lost_runs_are_counted_and_not_averaged(table: pd.DataFrame) -> None:
    rows = rows_of(table, MAIN).set_index("scheduler")
    assert (rows.loc["one_cycle", "n"], rows.loc["one_cycle", "diverged"]) == (2, 1)
    assert (rows.loc["cyclic", "n"], rows.loc["cyclic", "diverged"]) == (0, 3)
    assert pd.isna(rows.loc["cyclic", "test_accuracy_mean"])


def test_data_sets_and_budgets_are_never_mixed(table: pd.DataFrame) -> None:
    titles = [title for title, _ in workloads(table)]
    assert titles == [
        MAIN,
        "digits · softmax · sgd · 3 epochs · batch 64",
        "other · softmax · sgd · 2 epochs · batch 64",
    ]
    assert all(rows["dataset"].nunique() == 1 for _, rows in workloads(table))


def test_people_read_rounded_numbers(table: pd.DataFrame) -> None:
    text = readable(rows_of(table, MAIN)).set_index("scheduler")
    assert text.loc["cosine", "test accuracy %"] == "96.00 ± 1.00"
    assert text.loc["cyclic", "test accuracy %"] == "–"
    assert text.loc["one_cycle", "diverged"] == "1"
    single = readable(rows_of(table, "digits · softmax · sgd · 3 epochs · batch 64"))
    assert single["test accuracy %"].tolist() == ["99.00"]  # one seed has no standard deviation
    assert "diverged" not in single


def test_markdown_has_a_table_a_workload(table: pd.DataFrame) -> None:
    text = to_markdown(table)
    assert text.count("### ") == 3
    assert "| cosine      | 0.02 |   3 |" in text
