"""The comparison: one row per setting, with its metrics over the seeds and its difference from the reference."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from src.analysis import stats
from src.analysis.common_seeds import join_seeds, with_common_seeds
from src.analysis.final_weights import LAST
from src.analysis.losses import num_lost
from src.analysis.reference import DEFAULT, reference_name, reference_setting
from src.analysis.time_to_target import time_target, time_to_target
from src.analysis.workloads import SETTING, WORKLOAD
from src.status import LOST

METRICS = (
    "test_accuracy",
    "test_error",
    "test_loss",
    "averaged_test_accuracy",
    "averaged_test_loss",
    "val_accuracy",
    "val_loss",
    "mean_val_accuracy",
    "train_seconds",
)
NOT_COMPLETED = (*LOST, "interrupted")  # statuses that are counted in columns of their own
Reference = str | Callable[[pd.DataFrame], str]
OPTIONAL = "hopeless"  # has a column only if there are such runs: they exist only with stop_hopeless=true


def comparison(
    runs: pd.DataFrame, reference: Reference = DEFAULT, without_result: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Final-step metrics over the completed runs of each setting, by workload, smallest mean test error first.

    Settings are ordered by their means over common seeds, see `with_common_seeds`. Those that are not ranked come
    after them, and those with failed or diverged runs last: the mean over their completed runs is not what a user can
    expect. Differences are relative to the setting of the reference. They are missing where no
    setting or several have its name. The comparisons of all workloads are one family.

    Args:
        runs: The runs that count: `evaluation_runs`.
        reference: The schedule or the setting that the others are compared with; see `reference_setting`. A function
            names it for the runs of each workload.
        without_result: Schedules that get a row without a result: `untrainable_schedules`.
    """
    workloads = [rows for _, rows in with_test_error(runs).groupby(WORKLOAD, dropna=False, sort=False)]
    references = [reference if isinstance(reference, str) else reference(rows) for rows in workloads]
    parts = [_summaries(rows, name) for rows, name in zip(workloads, references, strict=True)]
    named = list(zip(parts, references, strict=True))
    testable = [number for number, (part, name) in enumerate(named) if reference_setting(part, name) and len(part) > 1]
    tables = [_stats_table(workloads[number], *named[number]) for number in testable]
    comparisons = dict(zip(testable, stats.compare(tables), strict=True))
    parts = [_with_differences(part, comparisons.get(number, {}), name) for number, (part, name) in enumerate(named)]
    if without_result is not None and len(without_result):
        counts = dict.fromkeys(("n", *NOT_COMPLETED, "reached", "tried"), 0)
        parts.append(without_result.assign(setting="", seeds="", common_seeds="", **counts))
    table = _concat(parts)
    has_failures = num_lost(table) > 0
    table["tier"] = table["common_error_mean"].isna() + has_failures * 2 + (table["n"] == 0) * 4
    order = [*WORKLOAD, "tier", "common_error_mean", "test_error_mean", "label", "lr", "warmup"]
    dropped = ["tier", *([OPTIONAL] if not table[OPTIONAL].any() else [])]
    return table.sort_values(order, na_position="last", ignore_index=True).drop(columns=dropped)


def equivalence_margin(runs: pd.DataFrame) -> float:
    """The difference in test error below which differences do not matter, on the data set of `runs`."""
    return max(float(settings["data.equivalence_margin"]) for settings in runs["settings"])


def with_test_error(runs: pd.DataFrame) -> pd.DataFrame:
    return runs.assign(test_error=1 - pd.to_numeric(runs["test_accuracy"]))


def errors_by_seed(rows: pd.DataFrame) -> dict[int, float]:
    """Test errors of the completed runs of one setting."""
    completed = rows[rows["status"] == "completed"].dropna(subset="test_error")
    return dict(zip(completed["seed"].astype(int), completed["test_error"].astype(float), strict=True))


def _summaries(runs: pd.DataFrame, reference: str) -> pd.DataFrame:
    """The metrics of each setting of one workload."""
    groups = {str(setting): rows for setting, rows in runs.groupby("setting", sort=False)}
    target = time_target(runs, reference)
    table = pd.DataFrame([_summary(rows, target) for rows in groups.values()], index=list(groups))
    return with_common_seeds(table, {setting: errors_by_seed(rows) for setting, rows in groups.items()})


def _stats_table(runs: pd.DataFrame, table: pd.DataFrame, reference: str) -> stats.Table:
    return stats.Table(
        errors={str(setting): errors_by_seed(rows) for setting, rows in runs.groupby("setting", sort=False)},
        reference=str(reference_setting(table, reference)),
        margin=equivalence_margin(runs),
        failures=dict(zip(table.index, num_lost(table), strict=True)),
    )


def _with_differences(table: pd.DataFrame, comparisons: Mapping[str, stats.Comparison], reference: str) -> pd.DataFrame:
    columns = [_difference_columns(comparisons.get(str(setting))) for setting in table.index]
    table = table.assign(reference=reference_name(table, reference) if comparisons else None)
    table = pd.concat([table, pd.DataFrame(columns, index=table.index)], axis=1)
    return _with_identical(table, reference) if comparisons else table


def _with_identical(table: pd.DataFrame, reference: str) -> pd.DataFrame:
    """The verdict `identical` where all runs equal those of the reference: equal learning rates show nothing.

    No reason against a verdict stands against this one, unless runs were lost.
    """
    standard = table.loc[reference_setting(table, reference)]
    measured = [f"{name}_mean" for name in METRICS if name != "train_seconds" and pd.notna(standard[f"{name}_mean"])]
    is_equal = (table[measured] == standard[measured]).all(axis=1) & (table["seeds"] == standard["seeds"])
    is_equal &= (table["difference"] == 0) & ~(table["difference_sd"] > 0)
    is_identical = is_equal & table["verdict"].isin(("equivalent", "inconclusive")) & (num_lost(table) == 0)
    return table.assign(
        verdict=table["verdict"].mask(is_identical, "identical"), reason=table["reason"].mask(is_identical, "")
    )


def _concat(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """All rows. A column without a value in one part does not change the type of its numbers in the others."""
    columns = list(dict.fromkeys(column for part in parts for column in part))
    filled = [part.dropna(axis="columns", how="all") for part in parts]
    return pd.concat(filled, ignore_index=True).reindex(columns=columns)


def _summary(rows: pd.DataFrame, target: str | None) -> dict[str, Any]:
    """The metrics of one setting."""
    first = rows.iloc[0]
    completed = rows[rows["status"] == "completed"]
    summary: dict[str, Any] = {name: first[name] for name in [*SETTING, "label", "setting"]}
    rates = rows["peak_lr"] if "peak_lr" in rows else rows["lr"]
    summary["lr_low"], summary["lr_high"] = rates.min(), rates.max()  # they differ if every replicate was tuned
    summary["n"] = len(completed)
    for metric in (*METRICS, *({LAST} & set(rows))):
        values = pd.to_numeric(completed[metric])
        summary[f"{metric}_mean"], summary[f"{metric}_sd"] = values.mean(), values.std(ddof=1)
    errors = completed["test_error"].dropna()
    interval = stats.mean_interval(errors)
    summary |= {
        "test_error_iqm": stats.interquartile_mean(errors) if len(errors) else math.nan,
        "test_error_low": interval.low,
        "test_error_high": interval.high,
    }
    for status in NOT_COMPLETED:
        summary[status] = int((rows["status"] == status).sum())
    summary["seeds"] = join_seeds(completed["seed"])
    return summary | time_to_target(rows, target)


def _difference_columns(comparison: stats.Comparison | None) -> dict[str, Any]:
    names = (
        "paired", "difference", "difference_median", "difference_sd", "difference_low", "difference_high", "p",
        "p_adjusted", "p_better", "verdict", "reason",
    )  # fmt: skip
    if comparison is None:
        return dict.fromkeys(names)
    values = (
        comparison.n,
        comparison.difference,
        comparison.median_difference,
        comparison.sd,
        comparison.interval.low,
        comparison.interval.high,
        comparison.p,
        comparison.p_adjusted,
        comparison.p_better,
        comparison.verdict,
        comparison.reason,
    )
    return dict(zip(names, values, strict=True))
