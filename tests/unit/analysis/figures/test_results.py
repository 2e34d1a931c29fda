"""Figures of tuning."""

from __future__ import annotations

import pytest

from src.analysis.figures.results import draw_sensitivity, draw_tuning_trials
from src.analysis.figures.style import palette
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
