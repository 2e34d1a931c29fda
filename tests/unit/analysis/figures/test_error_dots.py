"""The figure of test errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import pytest
from matplotlib.figure import Figure

from src.analysis.comparison import comparison
from src.analysis.figures.error_dots import draw_test_errors
from src.analysis.figures.style import palette
from tests.unit.analysis.figures.conftest import texts_of
from tests.unit.analysis.sweeps import evaluation_runs_at


def draw(errors: Mapping[str, Sequence[float | None]]) -> Figure:
    runs = evaluation_runs_at({name: (0.1, values) for name, values in errors.items()})
    table = comparison(runs).assign(name=lambda rows: rows["label"])
    figure = draw_test_errors(table, runs, palette(errors))
    assert figure is not None
    return figure


def test_few_seeds_are_dots_only() -> None:
    figure = draw({"step": [0.01, 0.02, 0.03, 0.04], "cosine": [0.02, 0.03, 0.05]})
    assert [sorted(line.get_xdata()) for line in figure.axes[0].lines] == [
        pytest.approx([1, 2, 3, 4]), pytest.approx([2, 3, 5]),
    ]  # fmt: skip
    assert texts_of(figure)[-1].startswith("Test error: every seed\n")


def test_many_seeds_have_dots_an_interval_and_a_mean() -> None:
    figure = draw({"step": [0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07]})
    dots, interval, mean = figure.axes[0].lines
    assert len(dots.get_xdata()) == 7
    low, high = interval.get_xdata()
    assert low < 4 < high
    assert list(mean.get_xdata()) == pytest.approx([4])


def test_schedule_that_learns_nothing_does_not_crush_the_others() -> None:
    figure = draw({"step": [0.010, 0.011], "cosine": [0.012, 0.013], "linear": [0.011, 0.012], "noam": [0.9, 0.9]})
    assert figure.axes[0].get_xlim()[1] < 2
    assert "90.0" in texts_of(figure)


def test_dots_within_the_axis_and_an_arrow_stand_for_an_outlying_schedule() -> None:
    close = {f"schedule {number}": [0.010, 0.011 + number / 10_000] for number in range(4)}
    figure = draw(close | {"noam": [0.0105, 0.9]})
    axes = figure.axes[0]
    dots, arrow = (line for line in axes.lines if line.get_gid() == "series-noam")
    assert list(dots.get_xdata()) == pytest.approx([1.05])
    assert dots.get_markerfacecolor() == "none"  # the row is not as good as these seeds
    assert (arrow.get_marker(), list(arrow.get_xdata())) == (">", [axes.get_xlim()[1]])
    assert "mean 45.5 (1.05 to 90.0)" in texts_of(figure)


def test_axis_without_an_outlying_schedule_is_that_of_its_dots() -> None:
    axes = draw({"step": [0.010, 0.020], "cosine": [0.012, 0.018]}).axes[0]
    assert axes.get_xlim() == pytest.approx((1 - 0.05, 2 + 0.05))


def test_axis_reaches_the_best_seed_of_an_outlying_schedule() -> None:
    close = {f"schedule {number}": [0.010, 0.011 + number / 10_000] for number in range(4)}
    figure = draw(close | {"noam": [0.004, 0.9]})
    assert figure.axes[0].get_xlim()[0] < 0.4


def test_axis_includes_all_of_a_few_schedules_unless_one_learned_nothing() -> None:
    shown = draw({"step": [0.0080, 0.0082], "cosine": [0.0081, 0.0083], "linear": [0.018, 0.020]})
    assert shown.axes[0].get_xlim()[1] > 2
    cut = draw({"step": [0.0080, 0.0082], "cosine": [0.0081, 0.0083], "linear": [0.9, 0.9]})
    assert cut.axes[0].get_xlim()[1] < 1


def test_wide_spread_of_the_seeds_leaves_nothing_to_gain() -> None:
    spread = {f"schedule {number}": [0.010, 0.030 + number / 10_000] for number in range(5)}
    figure = draw(spread | {"linear": [0.03, 0.04]})
    assert figure.axes[0].get_xlim()[1] > 4


def test_axis_says_which_way_is_better() -> None:
    assert draw({"step": [0.01]}).axes[0].get_xlabel() == "test error (%)  ← better"


def test_nothing_is_drawn_without_a_result() -> None:
    runs = evaluation_runs_at({"step": (0.1, [None])})
    table = comparison(runs).assign(name="step")
    assert draw_test_errors(table, pd.DataFrame(runs), palette(["step"])) is None
