"""Common seeds: the order of schedules that completed different seeds."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from src.analysis.collect import collect
from src.analysis.common_seeds import have_different_seeds
from src.analysis.comparison import comparison
from tests.unit.analysis.conftest import MakeRun


def table_of(folder: Path) -> pd.DataFrame:
    return comparison(collect([folder / "sweep"]).runs).set_index("scheduler")


def make_seeds(make_run: MakeRun, scheduler: str, accuracies: dict[int, float], status: str = "completed") -> None:
    for seed, accuracy in accuracies.items():
        make_run(f"scheduler={scheduler}", f"seed={seed}", accuracy=accuracy, status=status)


def test_schedule_with_easier_seeds_is_not_first(make_run: MakeRun, tmp_path: Path) -> None:
    make_seeds(make_run, "constant", {seed: 0.90 if seed < 8 else 0.80 for seed in range(12)})
    make_seeds(make_run, "cosine", dict.fromkeys(range(8), 0.89))
    table = table_of(tmp_path)
    assert list(table.index) == ["constant", "cosine"]
    assert table.loc["cosine", "test_error_mean"] < table.loc["constant", "test_error_mean"]  # over its own seeds
    assert table["common_error_mean"].tolist() == pytest.approx([0.10, 0.11])
    assert table["common_error_low"].tolist() == pytest.approx([0.10, 0.11])
    assert set(table["common_seeds"]) == {"0 1 2 3 4 5 6 7"}
    assert table["n"].to_dict() == {"constant": 12, "cosine": 8}
    assert have_different_seeds(table)


def test_equal_seeds_leave_means_and_intervals_as_they_are(make_run: MakeRun, tmp_path: Path) -> None:
    for scheduler in ("constant", "cosine"):
        make_seeds(make_run, scheduler, {seed: 0.9 + seed / 700 for seed in range(7)})
    table = table_of(tmp_path)
    for name in ("mean", "low", "high"):
        assert table[f"common_error_{name}"].tolist() == table[f"test_error_{name}"].tolist()
    assert not have_different_seeds(table)


def test_schedule_with_failures_is_not_ranked(make_run: MakeRun, tmp_path: Path) -> None:
    make_seeds(make_run, "constant", dict.fromkeys(range(3), 0.90))
    make_seeds(make_run, "cosine", dict.fromkeys(range(2), 0.99))
    make_seeds(make_run, "cosine", {2: 0.0}, status="diverged")
    table = table_of(tmp_path)
    assert table["common_seeds"].to_dict() == {"constant": "0 1 2", "cosine": ""}
    assert pd.isna(table.loc["cosine", "common_error_mean"])


def test_schedule_whose_runs_have_only_begun_does_not_hold_back_the_others(make_run: MakeRun, tmp_path: Path) -> None:
    make_seeds(make_run, "step", {0: 0.99})
    for scheduler in ("constant", "cosine"):
        make_seeds(make_run, scheduler, dict.fromkeys(range(6), 0.90))
    assert table_of(tmp_path)["common_seeds"].to_dict() == {
        "constant": "0 1 2 3 4 5", "cosine": "0 1 2 3 4 5", "step": "",
    }  # fmt: skip
    assert list(table_of(tmp_path).index) == ["constant", "cosine", "step"]


def test_schedules_without_a_common_seed_are_not_ranked(make_run: MakeRun, tmp_path: Path) -> None:
    make_seeds(make_run, "constant", {0: 0.9})
    make_seeds(make_run, "cosine", {1: 0.9})
    assert table_of(tmp_path)["common_seeds"].tolist() == ["", ""]
