"""What a wrong peak learning rate costs."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from src.analysis.lr_cost import cost_of_wrong_lr
from src.analysis.tuning import sensitivity
from tests.unit.analysis.sweeps import Errors, tuning_runs


def costs_of(errors: dict[str, dict[float, Errors]]) -> pd.DataFrame:
    return cost_of_wrong_lr(sensitivity(tuning_runs(errors)))


def test_cost_is_the_increase_of_the_median_half_a_decade_away() -> None:
    grid: dict[float, Errors] = {0.005: [0.04], 0.016: [0.03, 0.05, 0.031], 0.05: [0.02], 0.09: [0.9], 0.16: [0.06]}
    row = costs_of({"step": grid}).iloc[0]
    assert (row["lr"], row["median_val_error"]) == (0.05, 0.02)
    assert row["cost_too_low"] == pytest.approx(0.011)
    assert row["cost_too_high"] == pytest.approx(0.04)


def test_rate_that_trains_nothing_costs_everything_and_one_that_was_not_tried_is_unknown() -> None:
    row = costs_of({"step": {0.05: [0.02], 0.16: [None]}}).iloc[0]
    assert math.isnan(row["cost_too_low"])
    assert row["cost_too_high"] == math.inf


def test_most_forgiving_schedule_comes_first() -> None:
    steep: dict[float, Errors] = {0.016: [0.03], 0.05: [0.02], 0.16: [0.08]}
    flat: dict[float, Errors] = {0.016: [0.04], 0.05: [0.03], 0.16: [0.04]}
    unknown: dict[float, Errors] = {0.016: [0.02], 0.05: [0.021]}
    assert list(costs_of({"step": steep, "wsd": flat, "rex": unknown})["scheduler"]) == ["wsd", "step", "rex"]


def test_rates_that_are_not_half_a_decade_apart_have_no_cost() -> None:
    assert costs_of({"step": {0.01: [0.02], 0.1: [0.03]}}).empty
    assert cost_of_wrong_lr(pd.DataFrame()).empty
