"""Performance profiles and the area under them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from src.analysis.stats import performance_profile, profile_area


def test_performance_profile_counts_workloads_solved_in_time() -> None:
    times = [[1.0, 2.0, math.inf], [4.0, 1.0, math.nan]]
    profile = performance_profile(times, [1, 2, 4])
    assert profile.tolist() == [[0.5, 0.5, 1.0], [0.5, 1.0, 1.0], [0.0, 0.0, 0.0]]
    assert performance_profile([[math.inf, math.inf]], [1.0]).tolist() == [[0.0], [0.0]]


def test_profile_area_is_the_integral_of_the_profile() -> None:
    times = np.array([[1.0, 2.0, math.inf], [4.0, 1.0, 9.0], [1.0, math.inf, 0.5]])
    reference = np.array([1.0, 2.0, 1.0])
    ratios = np.linspace(0, 4, 40_001)
    fractions = (times[:, :, None] / reference[:, None, None] <= ratios).mean(axis=0)
    assert profile_area(times, reference) == pytest.approx(fractions.mean(axis=1), abs=1e-3)
    assert profile_area(reference[:, None], reference).tolist() == [0.75]
    assert profile_area([[3.0], [math.inf]], [math.inf, math.inf]).tolist() == [0.5]
