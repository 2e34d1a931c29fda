"""Tests between all pairs of settings of a workload."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from src.analysis import stats
from src.analysis.comparison import equivalence_margin, errors_by_seed, with_test_error
from src.analysis.workloads import WORKLOAD
from src.status import LOST


def pairwise(runs: pd.DataFrame) -> pd.DataFrame:
    """One row for each pair of settings of a workload with at least two common seeds. All pairs are one family.

    `difference` is the test error of the first minus that of the second. `reason` says why a significant difference
    cannot be trusted.
    """
    pairs, differences, samples, places = [], [], [], []
    workloads = [rows for _, rows in with_test_error(runs).groupby(WORKLOAD, dropna=False, sort=False)]
    errors_by_workload: list[dict[str, dict[int, float]]] = []
    for number, workload in enumerate(workloads):
        settings = {str(setting): rows for setting, rows in workload.groupby("setting", sort=False)}
        errors_by_workload.append({setting: errors_by_seed(rows) for setting, rows in settings.items()})
        named = {setting: _described(rows) for setting, rows in settings.items()}
        columns = workload.iloc[0][WORKLOAD].to_dict()
        for names in combinations(settings, 2):
            first, second = (named[name] for name in names)
            errors, other_errors = (errors_by_workload[-1][name] for name in names)
            sample = stats.differences_by_seed(errors, other_errors)
            if len(sample) >= 2:
                pairs.append(columns | _placed("first", first) | _placed("second", second) | {"n": len(sample)})
                differences.append(sample)
                samples.append(stats.at_common_seeds(errors, other_errors))
                places.append((number, *names))
    if not pairs:
        return pd.DataFrame()
    test = stats.family_test(stats.by_seed(differences))
    table = pd.DataFrame(pairs).assign(
        p_better=stats.probabilities_of_improvement(samples),
        difference=[float(np.mean(list(sample.values()))) for sample in differences],
        difference_low=[interval.low for interval in test.intervals],
        difference_high=[interval.high for interval in test.intervals],
        p=test.p,
        p_adjusted=test.p_adjusted,
    )
    margins = [equivalence_margin(workload) for workload in workloads]
    return table.assign(reason=_reasons(table, errors_by_workload, margins, places))


def _reasons(
    table: pd.DataFrame,
    errors_by_workload: Sequence[Mapping[str, Mapping[int, float]]],
    margins: Sequence[float],
    places: Sequence[tuple[int, str, str]],
) -> list[str]:
    """Why significant differences cannot be trusted.

    Args:
        table: The tested pairs.
        errors_by_workload: Errors by setting and seed of each workload.
        margins: The equivalence margin of each workload.
        places: The workload and the two settings of each pair.
    """
    verdicts: list[dict[tuple[str, str], str]] = [{} for _ in margins]
    for (number, first, second), difference, p in zip(places, table["difference"], table["p_adjusted"], strict=True):
        if p < stats.ALPHA:
            verdicts[number][first, second] = "better" if difference < 0 else "worse"
    reasons = [
        stats.reasons_of_pairs(errors, decided, margin, family=len(table))
        for errors, decided, margin in zip(errors_by_workload, verdicts, margins, strict=True)
    ]
    return [reasons[number].get((first, second), "") for number, first, second in places]


def _described(rows: pd.DataFrame) -> dict[str, Any]:
    """What names a setting, and how many of its runs failed or diverged; by the end of the column's name."""
    run = rows.iloc[0]
    num_lost = int(rows["status"].isin(LOST).sum())
    return {"": run["label"], "_lr": run["lr"], "_warmup": run["warmup"], "_lost": num_lost}


def _placed(place: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{place}{ending}": value for ending, value in values.items()}
