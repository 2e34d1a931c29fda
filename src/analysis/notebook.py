"""Results for a notebook: runs and their series as tidy tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from src import layout
from src.analysis.collect import collect
from src.analysis.labels import display_names
from src.analysis.workloads import workload_differences
from src.errors import UsageError

KEYS = ("label", "scheduler", "peak_lr", "seed", "status", "dataset", "model", "optimizer", "folder")


@dataclass(frozen=True)
class LoadedRuns:
    """Runs and their series as tidy tables.

    Attributes:
        runs: One row per run, whatever its status. The columns are those of `runs.csv`: the settings and metrics of
            `result.json`, `epoch_to_X`, `step_to_X` and `seconds_to_X` for each recorded validation accuracy X, the
            machine, `label` (the schedule and whatever else differs between the loaded runs, except for the seed) and
            `folder`. Tuning runs have `read_test` false.
        problems: Files that were left out, and why.
    """

    runs: pd.DataFrame
    problems: list[str]

    @cached_property
    def histories(self) -> pd.DataFrame:
        """One row per run and epoch.

        Columns: `label`, `scheduler`, `peak_lr`, `seed`, `status`, `dataset`, `model`, `optimizer` and `folder` of the
        run; `epoch`, `step`, `lr`, `train_loss`, `train_accuracy`, `val_loss`, `val_accuracy`, `train_seconds`.
        """
        return self._series(layout.HISTORY)

    @cached_property
    def steps(self) -> pd.DataFrame:
        """One row per run and attempted update: the columns of the run as in `histories`, and `step`, `lr`, `loss`."""
        return self._series(layout.STEPS)

    def _series(self, name: str) -> pd.DataFrame:
        runs = self.runs.rename(columns={"lr": "peak_lr"})[list(KEYS)]
        series = {folder: self._read(Path(folder) / name) for folder in runs["folder"]}
        tables = [rows.assign(folder=folder) for folder, rows in series.items() if rows is not None]
        filled = [rows for rows in tables if len(rows)] or tables or [runs[["folder"]].head(0)]
        return runs.merge(pd.concat(filled, ignore_index=True), on="folder")

    def _read(self, path: Path) -> pd.DataFrame | None:
        """The rows of a file; None if there is none, or if it is damaged, which `problems` then says."""
        try:
            return pd.read_csv(path)
        except FileNotFoundError:  # the run failed before its first epoch
            return None
        except (OSError, ValueError) as error:
            self.problems.append(f"{path} cannot be read: {error}")
            return None


def load(*folders: str | Path | Iterable[str | Path]) -> LoadedRuns:
    """Loads all runs below some folders: of runs, of sweeps, or of many of them.

    Args:
        folders: One or more, also as a list.

    Raises:
        UsageError: a folder does not exist, none is given, or there are no records.
    """
    lists = [[item] if isinstance(item, str | Path) else item for item in folders]
    paths = [Path(folder) for items in lists for folder in items]
    if not paths:
        raise UsageError("no folder: give that of a run or of a sweep")
    if missing := [str(path) for path in paths if not path.is_dir()]:
        raise UsageError(f"no such folder: {', '.join(missing)}")
    collection = collect(paths)
    if collection.runs.empty:
        raise UsageError(f"no run records in {', '.join(map(str, paths))}: give the folder of a run or of a sweep")
    runs = collection.runs.assign(label=_labels(collection.runs))
    return LoadedRuns(runs.drop(columns=["settings", "provenance"]), collection.problems)


def _labels(runs: pd.DataFrame) -> pd.Series:
    """`step lr=0.1 · 2 epochs`: equal only for runs of the same setting and workload, unlike the names in a table."""
    workloads = workload_differences(runs)
    return display_names(runs) + workloads.where(workloads == "", " · " + workloads)
