"""Tuning: how a peak learning rate is chosen from tuning runs, and which runs that leaves for the comparison."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from src.analysis.replicates import known_replicates, share_settings
from src.analysis.stats import expected_best
from src.analysis.workloads import WORKLOAD

GROUP = [*WORKLOAD, "scheduler", "warmup", "label"]
CHOICE = [*GROUP, "replicate"]  # what a learning rate is chosen for
_ERROR, _LOSS = "median_val_error", "median_val_loss"
_DECIMALS = 12  # well above the rounding of a median, well below one validation example


def is_tuning(runs: pd.DataFrame) -> pd.Series:
    """A mask of the tuning runs. They never read the test set."""
    return ~runs["read_test"].astype(bool)


def val_errors(ended: pd.DataFrame) -> pd.Series:
    """Final validation errors of runs that ended; 1 for a failed or diverged run."""
    return 1 - pd.to_numeric(ended["val_accuracy"]).where(ended["status"] == "completed", 0.0).fillna(0.0)


def runs_by_rate(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs that show what the peak lr does: tuning runs or, without any, those of schedules with several rates."""
    tuning = runs[is_tuning(runs)]
    if len(tuning):
        return tuning
    num_rates = runs.groupby(GROUP, dropna=False)["lr"].transform("nunique")
    return runs[(num_rates > 1) & runs["lr"].notna()]


def sensitivity(runs: pd.DataFrame) -> pd.DataFrame:
    """Median final validation error and loss by schedule, replicate and peak lr.

    A failed or diverged run has an error of 1 and an infinite loss.
    """
    ended = known_replicates(runs[runs["status"] != "interrupted"])
    is_completed = ended["status"] == "completed"
    losses = pd.to_numeric(ended["val_loss"]).where(is_completed, np.inf).fillna(np.inf)
    ended = ended.assign(val_error=val_errors(ended), val_loss=losses, completed=is_completed)
    table = ended.groupby([*CHOICE, "lr"], dropna=False, sort=True).agg(
        n=("seed", "size"),
        median_val_error=("val_error", "median"),
        median_val_loss=("val_loss", "median"),
        completed=("completed", "sum"),
    )
    return table.round({_ERROR: _DECIMALS}).reset_index()


def choose(table: pd.DataFrame) -> pd.DataFrame:
    """The peak lr of each schedule and replicate: the smallest median validation error wins.

    Between equal errors the smaller median validation loss decides, then the smaller lr. `tied` has the other rates
    with the same error. `edge` tells whether the choice lies at the lower end of the grid (-1), at the upper end (1) or
    inside (0). A schedule that no lr trains has an lr of NaN and an edge of -1, because a smaller lr may train it.

    Args:
        table: The result of `sensitivity`.
    """
    ranked = _ranked(table)
    best = ranked.drop_duplicates("grid").set_index("grid")
    best.loc[~best["is_trained"], ["lr", "edge"]] = math.nan, -1
    is_best = ranked["is_trained"] & (ranked[_ERROR] == ranked["grid"].map(best[_ERROR]))
    equals = ranked[is_best].groupby("grid")["lr"].agg(lambda lrs: tuple(lrs.iloc[1:].sort_values()))
    best["tied"] = [equals.get(grid, ()) for grid in best.index]
    return best[[*CHOICE, "lr", _ERROR, _LOSS, "edge", "tied"]].sort_index().reset_index(drop=True)


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    """`sensitivity` with the number of each row's grid and the place of its rate there; the best of a grid first."""
    table = known_replicates(table)
    grids = table.groupby(CHOICE, dropna=False, sort=False)
    lowest, highest = (table["lr"] == grids["lr"].transform(end) for end in ("min", "max"))
    table = table.assign(
        grid=grids.ngroup(),
        edge=highest.astype(int).mask(lowest, -1),
        is_trained=np.isfinite(table[_LOSS].astype(float)),
    )
    return table.sort_values(["is_trained", _ERROR, _LOSS, "lr"], ascending=[False, True, True, True])


def with_choices(table: pd.DataFrame, choices: pd.DataFrame) -> pd.DataFrame:
    """The comparison with what is known about the choice of each rate.

    `tunings` counts the choices: 0 if a schedule was not tuned, several if every replicate was tuned by itself.
    `untrained` counts the tunings in which no rate trained it, `at_lower_edge` and `at_upper_edge` the choices at an
    edge of the grid. `tied_rates` has the other rates with the same error.
    """
    counted = ["tunings", "untrained", "at_lower_edge", "at_upper_edge"]
    if choices.empty:
        return table.assign(**dict.fromkeys(counted, 0), tied_rates="")
    is_trained, edge = choices["lr"].notna(), choices["edge"]
    masks = (is_trained, ~is_trained, is_trained & (edge == -1), is_trained & (edge == 1))
    groups = choices.assign(**dict(zip(counted, masks, strict=True))).groupby(GROUP, dropna=False)
    summaries = groups[counted].sum().join(groups["tied"].agg(_only_tie).rename("tied_rates"))
    merged = table.merge(summaries, on=GROUP, how="left")
    return merged.fillna(dict.fromkeys(counted, 0) | {"tied_rates": ""}).astype(dict.fromkeys(counted, int))


def _only_tie(tied: pd.Series) -> str:
    """`0.016 0.05`; empty if several replicates chose."""
    return " ".join(f"{lr:g}" for lr in tied.iloc[0]) if len(tied) == 1 else ""


def tolerance(grid: pd.DataFrame, within: float = 0.005) -> tuple[float, bool]:
    """How many decades of lr around the best keep the median validation error `within` of its minimum.

    Args:
        grid: The rows of one schedule in `sensitivity`.
        within: A fraction; 0.005 is half a percentage point.

    Returns:
        The decades, NaN if no lr trains the schedule; and whether they reach an end of the grid, which makes them a
        lower bound.
    """
    grid = grid.sort_values("lr")
    exponents = np.log10(grid["lr"].to_numpy())
    errors = grid[_ERROR].where(np.isfinite(grid[_LOSS]), np.inf).to_numpy()
    if np.isinf(errors.min()):
        return math.nan, False
    is_good = errors <= round(errors.min() + within, _DECIMALS)
    first = last = int(np.argmin(errors))
    while first > 0 and is_good[first - 1]:
        first -= 1
    while last < len(errors) - 1 and is_good[last + 1]:
        last += 1
    return float(exponents[last] - exponents[first]), first == 0 or last == len(errors) - 1


def with_tolerance(table: pd.DataFrame) -> pd.DataFrame:
    """`sensitivity` with the tolerance of each schedule in all of its rows."""
    parts = []
    for _, grid in table.groupby(GROUP, dropna=False, sort=False):
        decades, is_lower_bound = tolerance(grid)
        parts.append(grid.assign(tolerance=decades, tolerance_at_least=is_lower_bound))
    return pd.concat(parts) if parts else table


def best_of_trials(tuning: pd.DataFrame) -> pd.DataFrame:
    """Expected validation error of the best of k tuning trials of each schedule, for every possible k.

    A trial is one rate under one seed. A failed or diverged one has an error of 1.
    """
    ended = tuning[tuning["status"] != "interrupted"]
    parts = []
    for _, rows in ended.assign(val_error=val_errors(ended)).groupby(GROUP, dropna=False, sort=False):
        best = expected_best(rows["val_error"])
        first = rows[GROUP].head(1)
        curve = pd.DataFrame({"trials": range(1, len(best) + 1), "expected_val_error": best})
        parts.append(first.merge(curve, how="cross"))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def evaluation_runs(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs that count in a comparison.

    Tuning runs do not. Of a schedule that was tuned, only runs at the rate that their own replicate chose count, under
    seeds that tuning did not use. The replicates of a schedule that each have a rate of their own share one setting.
    """
    runs = known_replicates(runs)
    tuning, candidates = runs[is_tuning(runs)], runs[~is_tuning(runs)]
    return share_settings(candidates if tuning.empty else _at_chosen_rates(candidates, tuning), by=GROUP)


def _at_chosen_rates(candidates: pd.DataFrame, tuning: pd.DataFrame) -> pd.DataFrame:
    """Runs of schedules that were not tuned, and those that follow from the tuning runs."""
    chosen = choose(sensitivity(tuning))[[*CHOICE, "lr"]].rename(columns={"lr": "chosen_lr"})
    merged = candidates.merge(chosen, on=CHOICE, how="left")
    merged = merged.merge(tuning[GROUP].drop_duplicates(), on=GROUP, how="left", indicator="tuned")
    tuning_seeds = tuning[[*GROUP, "seed"]].drop_duplicates()
    merged = merged.merge(tuning_seeds, on=[*GROUP, "seed"], how="left", indicator="seen")
    is_chosen = (merged["tuned"] == "left_only") | (merged["lr"] == merged["chosen_lr"])
    return merged[is_chosen & (merged["seen"] == "left_only")].drop(columns=["chosen_lr", "tuned", "seen"])


def untrainable_schedules(runs: pd.DataFrame) -> pd.DataFrame:
    """Tuned schedules that no learning rate trained, and that therefore have no evaluation runs."""
    tuning = runs[is_tuning(runs)]
    if tuning.empty:
        return pd.DataFrame(columns=GROUP)
    choices = choose(sensitivity(tuning))
    is_trained = choices.groupby(GROUP, dropna=False)["lr"].transform("count") > 0
    return choices.loc[~is_trained, GROUP].drop_duplicates()


def unevaluated_schedules(runs: pd.DataFrame, choices: pd.DataFrame) -> list[str]:
    """Tuned schedules with runs that read the test set, but without one at the rate that was chosen."""
    evaluated = runs[~is_tuning(runs)]
    tested = choices.dropna(subset="lr").merge(evaluated[CHOICE].drop_duplicates(), on=CHOICE)
    merged = tested.merge(evaluated[[*CHOICE, "lr"]].drop_duplicates(), on=[*CHOICE, "lr"], how="left", indicator=True)
    return list(dict.fromkeys(merged.loc[merged["_merge"] == "left_only", "label"]))
