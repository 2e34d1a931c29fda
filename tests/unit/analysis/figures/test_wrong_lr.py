"""The figure of what a wrong peak learning rate costs."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure

from src.analysis.figures.style import ORDER, palette
from src.analysis.figures.wrong_lr import draw_cost_of_wrong_lr
from src.analysis.lr_cost import cost_of_wrong_lr
from src.analysis.tuning import sensitivity
from tests.unit.analysis.figures.conftest import texts_of
from tests.unit.analysis.sweeps import Errors, tuning_runs


def draw(errors: dict[str, dict[float, Errors]]) -> Figure:
    costs = cost_of_wrong_lr(sensitivity(tuning_runs(errors)))
    figure = draw_cost_of_wrong_lr(costs.assign(name=costs["label"]), palette(ORDER))
    assert figure is not None
    return figure


def test_every_schedule_has_a_line_and_a_marker_for_each_wrong_rate() -> None:
    figure = draw({"step": {0.016: [0.03], 0.05: [0.02], 0.16: [0.05]}})
    line, low, high = figure.axes[0].lines
    assert list(line.get_xdata()) == pytest.approx([0, 3])
    assert (low.get_marker(), list(low.get_xdata())) == ("<", pytest.approx([1]))
    assert (high.get_marker(), list(high.get_xdata())) == (">", pytest.approx([3]))
    assert {"half a decade too low", "half a decade too high"} <= set(texts_of(figure))


def test_costs_beyond_the_axis_are_numbers_beside_it() -> None:
    close: dict[str, dict[float, Errors]] = {
        name: {0.016: [0.03], 0.05: [0.02], 0.16: [0.03 + place / 1000]} for place, name in enumerate(ORDER[:5])
    }
    figure = draw(close | {"noam": {0.016: [0.021], 0.05: [0.02], 0.16: [0.6]}, "sqrt": {0.05: [0.02], 0.16: [None]}})
    assert figure.axes[0].get_xlim()[1] < 2
    assert {"high +58", "low not tried, high mostly fails"} <= set(texts_of(figure))
