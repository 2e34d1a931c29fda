"""The commands that made the runs of the page: those of sweeps, and those of single runs beside them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import OmegaConf

from src import layout
from src.analysis.own_sweeps import own_sweeps
from src.analysis.sweep_file import read_sweep_file, sweep_commands

SINGLE_RUN = ("python", "-m", "src.train")


@dataclass(frozen=True)
class Command:
    """A line for the shell, and when it was given: `2026-11-21 20:53`, in UTC."""

    line: str
    date: str


@dataclass(frozen=True)
class Commands:
    """The known commands, oldest first, and the number of runs whose command is not known."""

    known: list[Command]
    num_unknown: int


def commands(runs: pd.DataFrame, sweep: Mapping[str, Any]) -> Commands:
    """Every command that made runs.

    Args:
        runs: The run folders are searched for single runs, and the folders above for `sweep.json`.
        sweep: The content of `sweep.json`; empty for several sweeps.
    """
    known = list(_of_sweep(sweep))
    num_unknown = 0
    for folder, rows in runs.groupby(own_sweeps(runs), sort=False):
        content = read_sweep_file(Path(str(folder))) if folder else {}
        planned = {str(Path(str(folder), job["folder"])) for job in content.get("jobs") or []}
        unplanned = rows[~rows["folder"].isin(planned)]
        singles = list(_of_single_runs(unplanned))
        known += [*_of_sweep(content), *singles]
        if not sweep_commands(content or sweep):
            num_unknown += len(unplanned) - len(singles)
    ordered = sorted(known, key=lambda command: command.date)
    return Commands(list({command.line: command for command in reversed(ordered)}.values())[::-1], num_unknown)


def _of_sweep(content: Mapping[str, Any]) -> Iterator[Command]:
    for entry in sweep_commands(content):
        yield Command(shlex.join(entry["command"]), _date(entry.get("planned_at")))


def _of_single_runs(runs: pd.DataFrame) -> Iterator[Command]:
    """The commands of the runs that Hydra did not start as part of a sweep."""
    for folder, started_at in zip(runs["folder"].map(Path), runs["started_at"], strict=True):
        settings, overrides = (folder / layout.HYDRA / name for name in ("hydra.yaml", "overrides.yaml"))
        if overrides.is_file() and settings.is_file() and "\n  mode: RUN\n" in settings.read_text():
            yield Command(shlex.join([*SINGLE_RUN, *map(str, OmegaConf.load(overrides))]), _date(started_at))


def _date(time: str | None) -> str:
    return str(time or "")[:16].replace("T", " ")
