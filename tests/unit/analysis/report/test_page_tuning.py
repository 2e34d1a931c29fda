"""The grid of learning rates on the page."""

from __future__ import annotations

import pandas as pd

from src.analysis.report.page_tuning import Cell, learning_rate_grids
from src.analysis.tuning import choose, sensitivity
from tests.unit.analysis.sweeps import tuning_runs

RESULTS = sensitivity(tuning_runs({"step": {0.01: [0.02], 0.1: [0.01], 1.0: [None]}})).drop(columns="replicate")


def test_chosen_rate_is_marked() -> None:
    (grid,) = learning_rate_grids(RESULTS, choose(RESULTS))
    assert grid.is_tuned
    assert grid.lines == [
        ("step", [Cell("2.00 (0.1000)"), Cell("chosen 1.00 (0.1000)", "chosen"), Cell("no result", "untrained")],
         "inside the grid"),
    ]  # fmt: skip


def test_best_rate_of_an_untuned_sweep_is_the_lowest_not_the_chosen_one() -> None:
    (grid,) = learning_rate_grids(RESULTS, pd.DataFrame())
    assert not grid.is_tuned
    assert [cell.text for cell in grid.lines[0][1]] == ["2.00 (0.1000)", "lowest 1.00 (0.1000)", "no result"]


def test_report_without_rates_has_no_grid() -> None:
    assert learning_rate_grids(pd.DataFrame(), pd.DataFrame()) == []
