"""The comparison: a row a schedule, its metrics over the seeds, and what sets it apart from the reference."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import combinations
from typing import Any

import pandas as pd

from src.analysis import stats
from src.analysis.tuning import GROUP, choose, is_tuning, sensitivity
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
REFERENCE = "constant"
UNITS = ("epoch", "step", "seconds")


def evaluated(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs whose results count.

    None that was made to tune; of what was tuned, those at the chosen lr under seeds that it was not chosen with.
    """
    tuning = runs[is_tuning(runs)]
    rest = runs[~is_tuning(runs)]
    if tuning.empty:
        return rest
    chosen = choose(sensitivity(tuning))[[*GROUP, "lr"]].rename(columns={"lr": "chosen_lr"})
    seen = tuning[[*GROUP, "seed"]].drop_duplicates()
    merged = rest.merge(chosen, on=GROUP, how="left", indicator="tuned")
    merged = merged.merge(seen, on=[*GROUP, "seed"], how="left", indicator="seen")
    counts = (merged["tuned"] == "left_only") | (merged["lr"] == merged["chosen_lr"])
    return merged[counts & (merged["seen"] == "left_only")].drop(columns=["chosen_lr", "tuned", "seen"])


def untrainable(runs: pd.DataFrame) -> pd.DataFrame:
    """Of what was tuned the schedules that no learning rate could train, and that therefore have no other run."""
    tuning = runs[is_tuning(runs)]
    if tuning.empty:
        return pd.DataFrame(columns=GROUP)
    choices = choose(sensitivity(tuning))
    return choices.loc[choices["lr"].isna(), GROUP]


def comparison(
    runs: pd.DataFrame, reference: str = REFERENCE, without_result: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Final-step metrics over the completed runs of each setting, smallest mean test error first in each workload.

    A setting that lost runs to divergence or failure comes after those that lost none: the mean of the seeds that
    survived is not what a user of it can expect. Differences are to the one setting of the reference schedule; where
    there is none, or where it has several, they are missing.

    Args:
        runs: Those that count.
        reference: The schedule that the others are compared with.
        without_result: Schedules that get a row although none of their runs counts: those of `untrainable`.
    """
    runs = _with_errors(runs)
    parts = [_compared(rows, reference) for _, rows in runs.groupby(WORKLOAD, dropna=False, sort=False)]
    if without_result is not None and len(without_result):
        nothing = dict.fromkeys(("n", *LOST, "interrupted", "reached", "tried"), 0)
        parts.append(without_result.assign(setting="", seeds="", **nothing))
    table = pd.concat(parts, ignore_index=True)
    table["lost"] = (table["n"] == 0).astype(int) * 2 + ((table["diverged"] + table["failed"]) > 0)
    order = [*WORKLOAD, "lost", "test_error_mean", "label", "lr", "warmup"]
    return table.sort_values(order, na_position="last", ignore_index=True).drop(columns="lost")


def equivalence_margin(runs: pd.DataFrame) -> float:
    """Differences in test error below it do not matter on the data set of `runs`."""
    return max(float(settings["data.equivalence_margin"]) for settings in runs["settings"])


def pairwise(runs: pd.DataFrame) -> pd.DataFrame:
    """Every two settings of a workload over their common seeds, Holm over all pairs of the workload.

    `difference` is the first's test error less the second's.
    """
    runs = _with_errors(runs)
    parts = []
    for _, rows in runs.groupby(WORKLOAD, dropna=False, sort=False):
        settings = [group for _, group in rows.groupby("setting", sort=False)]
        samples, found = [], []
        for first, second in combinations(settings, 2):
            own, other = stats.at_common_seeds(_by_seed(first), _by_seed(second))
            if len(own) >= 2:
                samples.append(stats.differences(own, other))
                better = stats.probability_of_improvement(own, other)
                found.append(_of_pair(first, second) | _of_differences(samples[-1]) | {"p_better": better})
        if found:
            p = stats.sign_flip_ps(samples)
            parts.append(pd.DataFrame(found).assign(p=p, p_holm=stats.holm(p)))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _with_errors(runs: pd.DataFrame) -> pd.DataFrame:
    return runs.assign(test_error=1 - pd.to_numeric(runs["test_accuracy"]))


def _of_pair(first: pd.DataFrame, second: pd.DataFrame) -> dict[str, Any]:
    """What the two are, and how many runs each lost."""
    row: dict[str, Any] = {name: first.iloc[0][name] for name in WORKLOAD}
    for place, rows in (("first", first), ("second", second)):
        own = rows.iloc[0]
        row |= {place: own["label"], f"{place}_lr": own["lr"], f"{place}_warmup": own["warmup"]}
        row[f"{place}_lost"] = int(rows["status"].isin(LOST).sum())
    return row


def _of_differences(differences: stats.Floats) -> dict[str, Any]:
    interval = stats.bca_interval(differences)
    return {
        "n": len(differences),
        "difference": float(differences.mean()),
        "difference_low": interval.low,
        "difference_high": interval.high,
    }


def _compared(runs: pd.DataFrame, reference: str) -> pd.DataFrame:
    """The rows of one workload."""
    groups = dict(list(runs.groupby("setting", sort=False)))
    target = _target(runs)
    table = pd.DataFrame([_row(rows, target) for rows in groups.values()], index=list(groups))
    references = table.index[table["scheduler"] == reference]
    differences: Mapping[str, stats.Comparison] = {}
    if len(references) == 1 and len(table) > 1:
        errors = {str(setting): _by_seed(rows) for setting, rows in groups.items()}
        lost = dict(zip(table.index, table["diverged"] + table["failed"], strict=True))
        differences = stats.compare(errors, references[0], margin=equivalence_margin(runs), lost=lost)
    table["reference"] = reference if differences else None
    found = [_difference_columns(differences.get(str(setting))) for setting in table.index]
    return pd.concat([table, pd.DataFrame(found, index=table.index)], axis=1)


def _by_seed(rows: pd.DataFrame) -> dict[int, float]:
    completed = rows[rows["status"] == "completed"].dropna(subset="test_error")
    return dict(zip(completed["seed"].astype(int), completed["test_error"].astype(float), strict=True))


def _row(group: pd.DataFrame, target: str | None) -> dict[str, Any]:
    first = group.iloc[0]
    completed = group[group["status"] == "completed"]
    row: dict[str, Any] = {name: first[name] for name in [*SETTING, "label", "setting"]}
    row["n"] = len(completed)
    for metric in METRICS:
        values = pd.to_numeric(completed[metric])
        row[f"{metric}_mean"], row[f"{metric}_sd"] = values.mean(), values.std(ddof=1)
    tested = completed["test_error"].dropna()
    interval = stats.bca_interval(tested)
    row |= {
        "test_error_iqm": stats.interquartile_mean(tested) if len(tested) else math.nan,
        "test_error_low": interval.low,
        "test_error_high": interval.high,
    }
    for status in (*LOST, "interrupted"):
        row[status] = int((group["status"] == status).sum())
    row["seeds"] = " ".join(str(seed) for seed in sorted(completed["seed"]))
    return row | _time_to_target(group[group["status"] != "interrupted"], target)


def _target(runs: pd.DataFrame) -> str | None:
    """The highest validation accuracy that more than half of the runs reached."""
    prefix = "epoch_to_"
    targets = [str(name).removeprefix(prefix) for name in runs if str(name).startswith(prefix)]
    done = runs[runs["status"] == "completed"]
    reached = [target for target in targets if len(done) and done[prefix + target].notna().mean() > 0.5]
    return max(reached, key=float, default=None)


def _time_to_target(runs: pd.DataFrame, target: str | None) -> dict[str, Any]:
    """Median time to the target over all runs that ended: infinite where half of them missed it or were lost."""
    row: dict[str, Any] = {"target": None if target is None else float(target), "reached": 0, "tried": len(runs)}
    for unit in UNITS:
        times = [] if target is None else runs[f"{unit}_to_{target}"].where(runs["status"] == "completed")
        there = [None if pd.isna(each) else each for each in times]
        row[f"{unit}_to_target"] = stats.censored_median(there)
        row["reached"] = sum(each is not None for each in there)
    return row


def _difference_columns(found: stats.Comparison | None) -> dict[str, Any]:
    names = ("paired", "difference", "difference_low", "difference_high", "p", "p_holm", "p_better", "verdict")
    if found is None:
        return dict.fromkeys(names)
    low, high = found.interval.low, found.interval.high
    values = (found.n, found.difference, low, high, found.p, found.p_holm, found.p_better, found.verdict)
    return dict(zip(names, values, strict=True))
