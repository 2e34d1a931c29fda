"""Equal curves and names of axes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from src.analysis.figures.chart import join_equal
from tests.unit.analysis.figures.conftest import make_chart, make_metric, make_series


def test_equal_curves_become_one_with_a_joint_label() -> None:
    chart = make_chart(
        make_metric(make_series("cosine", 1, 2), make_series("k_decay", 1, 2), make_series("step", 1, 3))
    )
    joined = join_equal(chart)
    assert joined.labels == {"cosine": "cosine = k_decay", "step": "step"}
    assert [series.name for series in joined.metrics[0].series] == ["cosine", "step"]


def test_curves_must_be_equal_in_all_metrics() -> None:
    train = make_metric(make_series("cosine", 1, 2), make_series("step", 1, 2))
    validation = make_metric(make_series("cosine", 5, 6), make_series("step", 5, 7))
    assert list(join_equal(make_chart(train, validation)).labels.values()) == ["cosine", "step"]


def test_curves_that_start_as_one_are_named() -> None:
    chart = make_chart(
        make_metric(
            make_series("constant", 1, 1, 1, 1, 1, 1),
            make_series("wsd", 1, 1, 1, 1, 0, 0),
            make_series("plateau", 1, 1, 1, 0.5, 0.5, 0.5),
            make_series("step", 1, 0.1, 0.1, 0.1, 0.1, 0.1),  # too short a start to be worth a sentence
        ),
        is_over_time=True,
    )
    assert join_equal(chart).notes == ["constant = wsd until 4.0, = plateau until 3.0"]
    assert join_equal(replace(chart, is_over_time=False)).notes == []


def test_lost_epochs_do_not_make_curves_equal() -> None:
    diverged = make_series("step", 1, float("nan"))
    chart = make_chart(make_metric(make_series("cosine", 1, 2, 3), diverged, make_series("linear", 1)))
    assert list(join_equal(chart).labels.values()) == ["cosine", "step", "linear"]


def test_curves_with_other_or_without_results_are_not_equal() -> None:
    crosses = make_series("step", 1, 2, crosses=np.array([3.0]))
    chart = make_chart(make_metric(make_series("cosine", 1, 2), crosses, make_series("linear"), make_series("rex")))
    assert list(join_equal(chart).labels.values()) == ["cosine", "step", "linear", "rex"]


def test_axis_says_which_way_is_better() -> None:
    series = make_series("step", 1)
    assert make_metric(series, name="accuracy (%)").label == "accuracy (%)  ↑ better"
    assert make_metric(series, name="loss", better="lower").label == "loss  ↓ better"
    assert make_metric(series, name="rank", better="lower", is_inverted=True).label == "rank  ↑ better"
    assert make_metric(series, name="learning rate", better=None).label == "learning rate"
