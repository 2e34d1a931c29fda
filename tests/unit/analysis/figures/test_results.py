"""Figures of tuning."""

from __future__ import annotations

import pytest

from src.analysis.figures.results import draw_sensitivity, draw_tuning_trials
from src.analysis.figures.style import ORDER, palette
from src.analysis.tuning import best_of_trials, sensitivity
from tests.unit.analysis.sweeps import tuning_runs

STYLES = palette(["step"])


def test_tuning_trials_start_at_the_mean_and_end_at_the_best() -> None:
    trials = best_of_trials(tuning_runs({"step": {0.1: [0.02, 0.04], 1.0: [0.03, None]}})).assign(name="step")
    figure = draw_tuning_trials(trials, STYLES)
    assert figure is not None
    (line,) = figure.axes[0].lines
    assert list(line.get_xdata()) == [1, 2, 3, 4]
    assert list(line.get_ydata())[::3] == pytest.approx([100 * 1.09 / 4, 2])
    assert figure.axes[0].get_yscale() == "log"


def test_single_trial_has_no_curve() -> None:
    trials = best_of_trials(tuning_runs({"step": {0.1: [0.02]}})).assign(name="step")
    assert draw_tuning_trials(trials, STYLES) is None


def test_sensitivity_shows_errors_and_marks_rates_that_train_nothing() -> None:
    runs = tuning_runs({"step": {0.1: [0.02, 0.04], 1.0: [0.03, None], 10.0: [None, None]}})
    figure = draw_sensitivity(sensitivity(runs).assign(name="step"), STYLES)
    assert figure is not None
    errors, crosses = figure.axes[0].lines
    assert list(errors.get_ydata()) == pytest.approx([3])
    assert list(crosses.get_xdata()) == [1, 10]
    assert draw_sensitivity(sensitivity(runs[runs["lr"] > 1]).assign(name="step"), STYLES) is None


def test_errors_of_rates_that_train_badly_do_not_crush_the_others() -> None:
    runs = tuning_runs({"step": {0.1: [0.02], 1.0: [0.03], 3.0: [0.9]}})
    figure = draw_sensitivity(sensitivity(runs).assign(name="step"), STYLES)
    assert figure is not None
    assert figure.axes[0].get_ylim() == pytest.approx((1.86, 10))
    assert figure.legends[0].get_title().get_text().startswith("Errors above 10% are outside the axis.")


def test_more_than_eight_schedules_get_a_panel_each_with_labels_that_fit() -> None:
    rates = [0.01 * 10 ** (step / 4) for step in range(11)]
    errors = {name: {lr: [0.02 + place / 1000] for lr in rates} for place, name in enumerate(ORDER[:9])}
    figure = draw_sensitivity(sensitivity(tuning_runs(errors)).assign(name=lambda rows: rows["label"]), palette(ORDER))
    assert figure is not None
    assert [axes.get_title("left") for axes in figure.axes] == list(ORDER[:9])
    assert [axes.get_title("right") for axes in figure.axes][:2] == ["2", "2.1"]
    assert len(figure.axes[0].get_xticks()) <= 5
