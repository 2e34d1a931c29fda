"""Several tables in words."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from src.analysis.report.overview import ranks_in_words


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (math.nan, "The ranks were not tested: a test needs 6 workloads and three schedules."),
        (0.2, "The schedules are not shown to differ (Friedman's test, p = 0.200)."),
        (
            0.0001,
            "The schedules differ (Friedman's test, p < 0.001); two of them do if their ranks are 1.50 or more apart",
        ),
    ],
)
def test_ranks_are_put_into_words(p: float, text: str) -> None:
    across = pd.DataFrame({"workloads": [6, 6], "friedman_p": [p, p], "critical_difference": [1.5, 1.5]})
    assert text in ranks_in_words(across)
    assert ranks_in_words(pd.DataFrame()) == ""
