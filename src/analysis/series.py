"""The curves of runs: `history.csv` and `steps.csv`. A file that a run cannot have written is named and left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from src import layout
from src.analysis.labels import workload_names
from src.analysis.workloads import WORKLOAD
from src.csv_files import CsvError, read_numbers
from src.errors import UsageError
from src.status import FINISHED

HISTORY_COLUMNS = (
    "epoch", "step", "lr", "train_loss", "train_accuracy", "val_loss", "val_accuracy", "train_seconds",
)  # fmt: skip
STEPS_COLUMNS = ("step", "lr", "loss")
_LR_BOUND = 1e30  # weights are 32-bit floats; the axes of a figure cannot hold much more either
Columns = dict[str, list[float]]
Reader = Callable[[Mapping[str, Any]], Columns]


@dataclass(frozen=True)
class RunSeries:
    """The curves that can be drawn.

    Attributes:
        histories: The epochs of all runs, with their `folder`.
        steps: The updates of one run per setting, by its folder.
        problems: The files that were left out, and why.
    """

    histories: pd.DataFrame
    steps: dict[str, pd.DataFrame]
    problems: list[str]


def read_series(runs: pd.DataFrame) -> RunSeries:
    """Reads the curves of the runs that ended: every history and, of each setting, the first steps that are undamaged.

    Those of a completed run are preferred, because a lost one may have ended early.

    Args:
        runs: One row per run, as `collect` returns them.
    """
    files = _Files()
    ended = runs[runs["status"].isin(FINISHED)]
    histories: Columns = {name: [] for name in HISTORY_COLUMNS}
    folders: list[str] = []
    for run in ended.to_dict("records"):
        if (epochs := files.read(layout.HISTORY, read_history, run)) is not None:
            folders += [run["folder"]] * len(epochs["epoch"])
            for name, values in epochs.items():
                histories[name] += values
    drawn = ended[ended["folder"].isin(set(folders))]
    steps = {}
    for _, group in drawn.assign(name=workload_names(drawn)).groupby([*WORKLOAD, "name"], dropna=False):
        is_lost = group["status"] != "completed"
        for run in group.loc[is_lost.sort_values(kind="stable").index].to_dict("records"):
            if (updates := files.read(layout.STEPS, read_steps, run)) is not None:
                steps[run["folder"]] = pd.DataFrame(updates)
                break
    return RunSeries(pd.DataFrame({"folder": folders, **histories}), steps, files.problems())


class _Files:
    """Reads files of runs and collects what is wrong with them."""

    def __init__(self) -> None:
        self._damages: list[str] = []
        self._absent: dict[str, list[str]] = defaultdict(list)

    def read(self, name: str, reader: Reader, run: Mapping[Any, Any]) -> Columns | None:
        if not (Path(run["folder"]) / name).exists():
            self._absent[name].append(run["folder"])
            return None
        try:
            return reader(run)
        except UsageError as error:
            self._damages.append(f"{error}; left out of the figures")
            return None

    def problems(self) -> list[str]:
        return [*self._damages, *(_absence(name, folders) for name, folders in self._absent.items())]


def _absence(name: str, folders: list[str]) -> str:
    if len(folders) == 1:
        return f"{folders[0]} has no {name}; left out of the figures"
    return f"{len(folders)} runs have no {name}, for example {folders[0]}; left out of the figures"


def read_history(run: Mapping[str, Any]) -> Columns:
    """The columns of the history of a run.

    Args:
        run: Its row in the table of runs.

    Raises:
        UsageError: names the line and the column that cannot be right.
    """
    path = Path(run["folder"]) / layout.HISTORY
    columns = read_numbers(path, HISTORY_COLUMNS)
    _check(path, "epoch", columns["epoch"], lambda line, epoch: epoch == line - 1)
    for name in ("train_accuracy", "val_accuracy"):
        _check(path, name, columns[name], lambda _, accuracy: 0 <= accuracy <= 1)
    if pd.isna(run["seconds"]):
        _check(path, "epoch", columns["epoch"], lambda _, epoch: epoch <= run["epochs"])
    _check_end(path, columns["step"], run, run["steps"])
    return columns


def read_steps(run: Mapping[str, Any]) -> Columns:
    """The columns of the steps of a run. Updates may be missing if the file was damaged before the run was resumed.

    Arguments and errors as for `read_history`.
    """
    path = Path(run["folder"]) / layout.STEPS
    columns = read_numbers(path, STEPS_COLUMNS)
    previous = [-1.0, *columns["step"]]
    _check(path, "step", columns["step"], lambda line, step: step.is_integer() and step > previous[line - 2])
    _check(path, "lr", columns["lr"], lambda _, lr: abs(lr) < _LR_BOUND)
    _check_end(path, [step + 1 for step in columns["step"]], run, run["steps"] + run["skipped_updates"])
    return columns


def _check(path: Path, name: str, values: Iterable[float], is_possible: Callable[[int, float], bool]) -> None:
    """Checks each value of a column, given its line."""
    for line, value in enumerate(values, 2):
        if not is_possible(line, value):
            raise CsvError(f"{path} line {line}: {name} {value:g} cannot be right")


def _check_end(path: Path, counts: list[float], run: Mapping[str, Any], total: int) -> None:
    """Checks that the file of a completed run ends with its last update."""
    if not counts:
        raise CsvError(f"{path} has no rows")
    if run["status"] == "completed" and counts[-1] != total:
        raise CsvError(f"{path} line {len(counts) + 1}: ends after {counts[-1]:g} of {total} updates")
