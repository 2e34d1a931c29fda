"""Several tables in words."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from src.analysis.report.overview import ranks_in_words


def across_of(**columns: float) -> pd.DataFrame:
    return pd.DataFrame({"scheduler": ["constant", "cosine"], **{name: [value] * 2 for name, value in columns.items()}})


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (math.nan, "The ranks were not tested: a test needs 6 data sets and three schedules."),
        (0.2, "The schedules are not shown to differ (Friedman's test, p = 0.200)."),
        (
            0.0001,
            "The schedules differ (Friedman's test, p < 0.001); two of them do if their ranks are 1.50 or more apart",
        ),
    ],
)
def test_ranks_are_put_into_words(p: float, text: str) -> None:
    across = pd.DataFrame(
        {"tables": [6, 6], "data_sets": [6, 6], "friedman_p": [p, p], "critical_difference": [1.5, 1.5]}
    )
    assert text in ranks_in_words(across)
    assert ranks_in_words(pd.DataFrame()) == ""


def test_tables_and_data_sets_are_counted() -> None:
    across = pd.DataFrame(
        {"tables": [6], "data_sets": [1], "friedman_p": [math.nan], "critical_difference": [math.nan]}
    )
    assert ranks_in_words(across) == (
        "Mean ranks by test error over 6 tables of 1 data set. Tables of the same data set are not independent, so "
        "their ranks are averaged first. The ranks were not tested: a test needs 6 data sets and three schedules."
    )
