"""Limits of zoomed axes."""

from __future__ import annotations

import numpy as np
import pytest

from src.analysis.figures.chart import Metric
from src.analysis.figures.zoom import describe_outside, outlying_from, zoomed_limits
from tests.unit.analysis.figures.conftest import make_metric, make_series

LABELS = {name: name for name in ("cosine", "step", "noam", "rex")}
ACCURACIES = make_metric(
    make_series("cosine", 80, 98.0, 98.6, 98.9, 99.0),
    make_series("step", 10, 97.8, 98.4, 98.7, 98.8),
    make_series("rex", 85, 97.9, 98.5, 98.8, 98.9),
)
WITH_OUTLIER = make_metric(*ACCURACIES.series, make_series("noam", 9.8, 9.8, 9.8, 9.8, 9.8))


def test_first_epochs_do_not_decide_the_limits() -> None:
    limits = zoomed_limits(ACCURACIES)
    assert limits is not None
    assert 98.2 < limits[0] < 98.5
    assert 99.0 < limits[1] < 99.1
    assert describe_outside(ACCURACIES, limits, LABELS) == "Below: epochs 1–2 of 3 curves"


def test_run_that_learns_nothing_does_not_decide_the_limits() -> None:
    limits = zoomed_limits(WITH_OUTLIER)
    assert limits is not None
    assert limits[0] > 98
    assert describe_outside(WITH_OUTLIER, limits, LABELS) == "Below: epochs 1–2 of 3 curves; noam (ends at 9.8)"


def test_losses_are_cut_at_the_top() -> None:
    losses = [make_series("cosine", 2, 0.3, 0.1, 0.1), make_series("step", 0.2, 0.2, 0.12, 1e6)]
    metric = Metric("loss", [*losses, make_series("rex", 0.2, 0.2, 0.12, 0.11)], "lower", is_logarithmic=True)
    limits = zoomed_limits(metric)
    assert limits is not None
    assert limits[0] < 0.1 < 0.12 < limits[1] < 1
    assert describe_outside(metric, limits, LABELS).endswith("step (ends at 1e+06)")


@pytest.mark.parametrize(
    "metric",
    [
        make_metric(make_series("cosine", 98, 98.5, 99)),
        make_metric(make_series("cosine", 99, 99, 99), make_series("step", 99, 99, 99)),
        make_metric(make_series("cosine", float("nan"))),
        make_metric(make_series("cosine")),
        make_metric(make_series("cosine", 0, 0), better="lower", is_logarithmic=True),
    ],
)
def test_nothing_is_cut_where_there_is_nothing_to_gain(metric: Metric) -> None:
    assert zoomed_limits(metric) is None


def test_two_that_differ_are_both_shown() -> None:
    metric = make_metric(make_series("cosine", 90, 99, 99), make_series("step", 10, 10, 10))
    limits = zoomed_limits(metric)
    assert limits is None or limits[0] < 10


def test_value_is_outlying_only_if_the_others_gain_much_space() -> None:
    assert outlying_from(np.array([1.0, 1.1, 1.2, 90.0]), best=1.0) < 2
    assert outlying_from(np.array([1.0, 1.1, 1.2, 1.3]), best=1.0) == np.inf
    assert outlying_from(np.array([1.0, 1.0, 1.0]), best=1.0) == np.inf


@pytest.mark.parametrize(("num_epochs", "num_kept"), [(2, 2), (3, 3), (4, 3), (5, 3), (8, 4)])
@pytest.mark.parametrize("better", ["higher", "lower"])
def test_curves_keep_three_epochs_and_half_of_them(num_epochs: int, num_kept: int, better: str) -> None:
    losses = [2.0 * 0.3**epoch for epoch in range(num_epochs - 1)] + [0.001]
    curves = {"cosine": losses, "step": [1.1 * loss for loss in losses], "noam": [90.0] * num_epochs}
    series = [
        make_series(name, *([100 - loss for loss in curve] if better == "higher" else curve))
        for name, curve in curves.items()
    ]
    metric = make_metric(*series, better=better, is_logarithmic=better == "lower")
    low, high = zoomed_limits(metric) or (-np.inf, np.inf)
    inside = [int(((low <= curve.y) & (curve.y <= high)).sum()) for curve in series]
    assert min(inside[:2]) >= num_kept
    assert inside[2] == 0 or better == "lower"


def test_curve_without_a_finite_value_is_named() -> None:
    metric = make_metric(*ACCURACIES.series, make_series("noam", float("nan"), float("nan")))
    assert describe_outside(metric, (0.0, 100.0), LABELS) == "Below: noam (no finite value)"
