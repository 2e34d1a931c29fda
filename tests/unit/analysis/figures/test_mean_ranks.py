"""The figure of mean ranks over several tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from src.analysis.figures.mean_ranks import draw_mean_ranks
from src.analysis.figures.style import ORDER, palette
from tests.unit.analysis.conftest import MakeRun
from tests.unit.analysis.figures.conftest import texts_of
from tests.unit.analysis.test_budgets import comparison_of, make_budgets, make_data_sets

BAR = "bars join schedules closer than the critical difference"


def draw(table: pd.DataFrame) -> Figure:
    figure = draw_mean_ranks(table, palette(ORDER))
    assert figure is not None
    return figure


def test_rows_show_the_rank_in_every_table_and_the_mean(make_run: MakeRun, tmp_path: Path) -> None:
    make_budgets(make_run, {2: (0.7, 0.9, 0.8)})
    make_budgets(make_run, {2: (0.7, 0.8, 0.9)}, "batch_size=32")
    figure = draw(comparison_of(tmp_path))
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["cosine", "step", "constant"]
    _, dots, mean = figure.axes[0].lines[:3]
    assert sorted(dots.get_xdata()) == [1, 2]
    assert list(mean.get_xdata()) == [1.5]
    assert len(figure.axes[0].lines) == 9
    assert any("2 tables of 1 data set: not tested, which takes 6 data sets" in text for text in texts_of(figure))


def test_bars_join_what_the_critical_difference_does_not_separate(make_run: MakeRun, tmp_path: Path) -> None:
    make_data_sets(make_run, 6)
    figure = draw(comparison_of(tmp_path))
    assert any(BAR in text for text in texts_of(figure))
    bars = [line for line in figure.axes[0].lines if line.get_gid() is None]
    assert [[round(y) for y in bar.get_ydata()] for bar in bars] == [[0, 1], [1, 2]]  # 1 apart; 1.35 are significant


def test_single_task_has_no_mean_ranks(make_run: MakeRun, tmp_path: Path) -> None:
    make_budgets(make_run, {2: (0.7, 0.9, 0.8), 3: (0.7, 0.9, 0.8)})
    assert draw_mean_ranks(comparison_of(tmp_path), palette(ORDER)) is None
