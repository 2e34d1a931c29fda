"""Whether verdicts hold if other tuning seeds choose the learning rates; otherwise a row is inconclusive."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from src.analysis import stats
from src.analysis.comparison import equivalence_margin, errors_by_seed, with_test_error
from src.analysis.losses import num_lost
from src.analysis.redraws import Redraw
from src.analysis.reference import is_reference
from src.analysis.tuning import GROUP
from src.analysis.workloads import WORKLOAD, keys, select_workload

MIN_AGREEMENT = 0.95
PATTERNS = stats.Patterns(exact_up_to=12, num_random=1_999)  # hundreds of tests of the family, not one
NAME = [*WORKLOAD, "label", "lr", "warmup"]  # what the comparison and the pairs both name a setting by

Errors = Mapping[str, Mapping[int, float]]
Directions = Mapping[Hashable, str]


def with_stable_verdicts(table: pd.DataFrame, evaluation: pd.DataFrame, redraws: Sequence[Redraw]) -> pd.DataFrame:
    """The comparison with `tuning_agreement`, the share of redraws in which the verdict has the same direction.

    A row that decides is inconclusive if fewer than 95% agree; `reason` says so.

    Args:
        table: `comparison` of the evaluation runs.
        evaluation: The evaluation runs.
        redraws: `redraws` of the runs; if there are none, verdicts stay as they are.
    """
    if not redraws:
        return table.assign(tuning_agreement=math.nan)
    tables = _stats_tables(table, evaluation)
    agreement = _agreement(evaluation, redraws, lambda errors: _verdicts(tables, errors))
    shares = pd.Series([agreement.get(name) for name in keys(table, NAME)], index=table.index, dtype=float)
    table = table.assign(tuning_agreement=shares.where(table["p_adjusted"].notna()))
    shares = table["tuning_agreement"]
    is_unstable = table["verdict"].notna() & (table["verdict"] != "inconclusive") & (shares < MIN_AGREEMENT)
    if is_unstable.any():  # without a reference, the columns are empty and cannot take text
        table.loc[is_unstable, "reason"] = shares[is_unstable].map(_reason)
        table.loc[is_unstable, "verdict"] = "inconclusive"
    return table


def with_stable_pairs(pairs: pd.DataFrame, evaluation: pd.DataFrame, redraws: Sequence[Redraw]) -> pd.DataFrame:
    """`pairwise` with `tuning_agreement`: the share of redraws in which the same of the two is better, or neither."""
    if pairs.empty or not redraws:
        return pairs.assign(tuning_agreement=math.nan) if len(pairs) else pairs
    first, second = (_place_keys(pairs, place) for place in ("first", "second"))
    names = list(zip(first, second, strict=True))
    agreement = _agreement(evaluation, redraws, lambda errors: _pair_directions(names, errors))
    return pairs.assign(tuning_agreement=[agreement.get(name, math.nan) for name in names])


def differs(pairs: pd.DataFrame) -> pd.Series:
    """A mask of the pairs that differ significantly, without doubts and whichever tuning seeds choose the rates."""
    is_certain = (pairs["p_adjusted"] < stats.ALPHA) & (pairs["reason"] == "")
    return is_certain & ~(pairs["tuning_agreement"] < MIN_AGREEMENT) if "tuning_agreement" in pairs else is_certain


def _reason(agreement: float) -> str:
    share = f"{100 * (1 - agreement):.0f}%"
    return f"the tuning seeds disagree on the rate: in {share} of the draws the verdict would be another"


def _agreement(
    evaluation: pd.DataFrame, redraws: Sequence[Redraw], judge: Callable[[Errors], Directions]
) -> dict[Hashable, float]:
    """For each comparison, the probability of a redraw that judges it like the rates that were evaluated."""
    errors, schedules = _errors(evaluation)
    evaluated = judge(errors)
    shares: dict[Hashable, float] = {}
    for redraw in redraws:
        shifts = {name: redraw.shifts.get(schedule, 0.0) for name, schedule in schedules.items()}
        directions = judge({name: _shifted(rows, shifts[name]) for name, rows in errors.items()})
        for name, direction in directions.items():
            if schedules[name[0] if isinstance(name, tuple) else str(name)] in redraw.shifts:  # of this workload
                shares[name] = shares.get(name, 0.0) + redraw.weight * (direction == evaluated[name])
    return shares


def _errors(evaluation: pd.DataFrame) -> tuple[dict[str, dict[int, float]], dict[str, str]]:
    """Test errors by seed of every setting, and the schedule that its rate was chosen for."""
    runs = with_test_error(evaluation)
    runs = runs.assign(schedule=keys(runs, GROUP))
    settings = {str(name): rows for name, rows in runs.groupby(keys(runs, NAME), sort=False)}
    schedules = {name: str(rows["schedule"].iloc[0]) for name, rows in settings.items()}
    return {name: errors_by_seed(rows) for name, rows in settings.items()}, schedules


def _shifted(errors: Mapping[int, float], shift: float) -> dict[int, float]:
    """Errors that all move by `shift`; no errors if no rate trains the schedule."""
    return {} if math.isnan(shift) else {seed: error + shift for seed, error in errors.items()}


def _stats_tables(table: pd.DataFrame, evaluation: pd.DataFrame) -> list[stats.Table]:
    """What `stats.compare` needs of each workload that was tested, without errors."""
    tested = table.assign(key=keys(table, NAME), losses=num_lost(table), is_reference=is_reference(table))
    has_place = (tested["n"] > 0) | tested["is_reference"]  # a reference may have no result
    workloads = [rows for _, rows in tested[has_place].groupby(WORKLOAD, dropna=False, sort=False)]
    return [
        stats.Table(
            errors={name: {} for name in rows["key"]},
            reference=rows["key"][rows["is_reference"]].iloc[0],
            margin=equivalence_margin(select_workload(evaluation, rows)),
            failures=dict(zip(rows["key"], rows["losses"], strict=True)),
        )
        for rows in workloads
        if rows["verdict"].notna().any()
    ]


def _verdicts(tables: Sequence[stats.Table], errors: Errors) -> dict[Hashable, str]:
    """The direction of every verdict at the given errors."""
    filled = [replace(table, errors={name: errors.get(name, {}) for name in table.errors}) for table in tables]
    comparisons = stats.compare(filled, PATTERNS)
    return {name: row.verdict.removeprefix("slightly ") for rows in comparisons for name, row in rows.items()}


def _pair_directions(pairs: Sequence[tuple[str, str]], errors: Errors) -> dict[Hashable, str]:
    """Which of each pair has significantly smaller errors, if any."""
    samples = {pair: stats.differences_by_seed(*(errors[name] for name in pair)) for pair in pairs}
    testable = [pair for pair, sample in samples.items() if len(sample) >= 2]
    directions: dict[Hashable, str] = dict.fromkeys(pairs, "")
    if testable:
        p_adjusted = stats.family_test(stats.by_seed([samples[pair] for pair in testable]), PATTERNS).p_adjusted
        for pair, p in zip(testable, p_adjusted, strict=True):
            difference = np.mean(list(samples[pair].values()))
            directions[pair] = pair[int(difference > 0)] if p < stats.ALPHA else ""
    return directions


def _place_keys(pairs: pd.DataFrame, place: str) -> pd.Series:
    """`keys` of the first or of the second setting of each pair."""
    names = {place: "label", f"{place}_lr": "lr", f"{place}_warmup": "warmup"}
    return keys(pairs[[*WORKLOAD, *names]].rename(columns=names), NAME)
