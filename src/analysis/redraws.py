"""Learning rates that other tuning seeds would have chosen, and how far they would move a schedule's test error.

The tuning seeds are drawn again with replacement, the same draw for all schedules, and every schedule's rate is chosen
anew from the drawn runs. At another rate than the one that was evaluated, there are no evaluation runs, so test errors
are assumed to move by the mean difference in validation error between the two rates over all tuning seeds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from src.analysis.replicates import TOGETHER
from src.analysis.stats import seed_draws
from src.analysis.tuning import GROUP, choose, is_tuning, sensitivity, val_errors
from src.analysis.workloads import WORKLOAD, keys

_NEEDED = [*GROUP, "lr", "seed", "status", "val_accuracy", "val_loss"]


@dataclass(frozen=True)
class Redraw:
    """Draws of the tuning seeds that choose the same rates.

    Attributes:
        weight: Their probability.
        shifts: By how much the mean test error of each schedule moves; NaN where no rate trains it. The names of the
            schedules are `keys(rows, GROUP)`.
    """

    weight: float
    shifts: Mapping[str, float]


def redraws(runs: pd.DataFrame) -> list[Redraw]:
    """All draws of the tuning seeds of each workload that all its schedules share.

    There are none for a workload with fewer than two, or whose tuning seeds choose separately.
    """
    tuning = runs[is_tuning(runs) & (runs["replicate"] == TOGETHER) & (runs["status"] != "interrupted")][_NEEDED]
    workloads = tuning.groupby(WORKLOAD, dropna=False, sort=False)
    return [redraw for _, rows in workloads for redraw in _redraws_of_workload(rows)]


def _redraws_of_workload(tuning: pd.DataFrame) -> list[Redraw]:
    tuning = tuning.assign(schedule=keys(tuning, GROUP))
    seeds = _shared_seeds(tuning)
    if len(seeds) < 2:
        return []
    draws = seed_draws(len(seeds))
    drawn = [(number, seeds[place]) for number, draw in enumerate(draws) for place in draw]
    chosen = _chosen(tuning.merge(pd.DataFrame(drawn, columns=["replicate", "seed"]), on="seed"))
    rates = chosen.pivot(index="replicate", columns="schedule", values="lr")
    shifts_by_rate = _shifts(tuning)
    shifts = rates.apply(lambda column: column.map(shifts_by_rate.get(column.name, {})))
    same = rates.groupby(list(rates), dropna=False).ngroup()
    weights = pd.Series(list(draws.values())).groupby(same).sum()
    return [Redraw(weights[number], rows.iloc[0].to_dict()) for number, rows in shifts.groupby(same)]


def _shared_seeds(tuning: pd.DataFrame) -> list[int]:
    """The seeds with which every schedule was tuned."""
    num_schedules = tuning.groupby("seed")["schedule"].nunique()
    return sorted(num_schedules[num_schedules == tuning["schedule"].nunique()].index)


def _chosen(tuning: pd.DataFrame) -> pd.DataFrame:
    """The choice of each schedule and replicate."""
    choices = choose(sensitivity(tuning))
    return choices.assign(schedule=keys(choices, GROUP))


def _shifts(tuning: pd.DataFrame) -> dict[str, pd.Series]:
    """For each schedule, the mean validation error at each rate minus that at the chosen rate, paired by seed."""
    errors = tuning.assign(val_error=val_errors(tuning)).pivot_table(
        index=["schedule", "lr"], columns="seed", values="val_error"
    )
    chosen = _chosen(tuning.assign(replicate=TOGETHER)).dropna(subset="lr").set_index("schedule")["lr"]
    return {
        name: (errors.loc[name] - errors.loc[(name, chosen[name])]).mean(axis=1)
        for name in errors.index.unique("schedule")
        if name in chosen
    }
