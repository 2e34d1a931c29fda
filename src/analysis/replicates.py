"""Replicates: tuning seed i chooses the learning rate of evaluation seed i, so that results include that choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from src.analysis.own_sweeps import own_sweeps
from src.analysis.sweep_file import read_sweep_file
from src.config.identity import digest

TOGETHER = -1  # the replicate of runs whose rate all tuning seeds choose together


def with_replicates(runs: pd.DataFrame, protocol: Mapping[str, Any]) -> pd.DataFrame:
    """The runs with a column `replicate`: the place of a run's seed in its list of seeds, or -1.

    Args:
        runs: Tuning and evaluation runs.
        protocol: The protocol of the sweep, as in `sweep.json`; may be empty. Unless `tune_per_seed` is set, an
            existing column is kept, and without one all tuning seeds choose together.
    """
    if not protocol.get("tune_per_seed"):
        return known_replicates(runs)
    tuning, evaluation = (_places(protocol[key]) for key in ("tuning_seeds", "evaluation_seeds"))
    replicates = runs["seed"].map(evaluation).where(runs["read_test"].astype(bool), runs["seed"].map(tuning))
    return runs.assign(replicate=replicates.fillna(TOGETHER).astype(int))


def with_replicates_of_sweeps(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs of several sweeps with a column `replicate`, which the protocol of each run's own sweep decides."""
    parts = [
        with_replicates(rows, (read_sweep_file(Path(sweep)).get("protocol") or {}) if sweep else {})
        for sweep, rows in runs.groupby(own_sweeps(runs), sort=False)
    ]
    return pd.concat(parts).sort_index()


def known_replicates(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows, with a column `replicate` of -1 if they have none."""
    return rows if "replicate" in rows else rows.assign(replicate=TOGETHER)


def share_settings(runs: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Makes one setting of the replicates of a schedule, which differ in the rates that they were tuned to.

    Its `lr` is the median of their rates (the lower one of the middle two), and `peak_lr` keeps the rate of each run.

    Args:
        runs: The runs that count.
        by: The columns whose values the replicates of a schedule share.
    """
    runs = runs.assign(peak_lr=runs["lr"])
    is_replicate = runs["replicate"] != TOGETHER
    if not is_replicate.any():
        return runs
    rates = runs[is_replicate].groupby(list(by), dropna=False)["lr"]
    runs.loc[is_replicate, "lr"] = rates.transform(lambda lrs: lrs.quantile(0.5, interpolation="lower"))
    shared = runs.loc[is_replicate, list(by)].itertuples(index=False)
    runs.loc[is_replicate, "setting"] = [digest(list(map(str, values))) for values in shared]
    return runs


def _places(seeds: list[int]) -> dict[int, int]:
    return {seed: place for place, seed in enumerate(seeds)}
