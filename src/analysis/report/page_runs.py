"""The runs on the page: a list of all of them, and of those that did not complete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from src import layout
from src.analysis.final_weights import with_final_weights
from src.analysis.report.links import relative_link
from src.analysis.tuning import is_tuning
from src.analysis.wording import first_line, format_loss, format_number
from src.analysis.workloads import WORKLOAD, workload_title

MAX_LINKS = 20  # runs that one line of failures links; the list of all runs has the rest
RUN_COLUMNS = ("scheduler", "purpose", "lr", "seed", "test error %", "val loss", "steps", "train s")
RUN_FILES = (layout.RECORD, layout.HISTORY)


@dataclass(frozen=True)
class RunLine:
    """One run: the cells under RUN_COLUMNS, its status, and its files as (name, link)."""

    cells: tuple[str, ...]
    status: str
    links: list[tuple[str, str]]


@dataclass(frozen=True)
class FailureLine:
    """Runs of one setting that ended with the same status and error; `links` are (seed, link to its record)."""

    status: str
    label: str
    lr: str
    error: str
    links: list[tuple[str, str]]
    num_unlinked: int


def run_lists(runs: pd.DataFrame, folder: Path) -> list[tuple[str, list[RunLine]]]:
    """The title and all runs of each workload. Links are relative to `folder`."""
    columns = ["label", "purpose", "lr", "seed", "test_accuracy", "val_loss", "steps", "train_seconds"]
    runs = with_final_weights(runs).assign(purpose=is_tuning(runs).map({True: "tuning", False: "evaluation"}))
    lists = []
    for _, rows in runs.groupby(WORKLOAD, dropna=False, sort=False):
        records = rows[[*columns, "status", "folder"]].to_dict("records")
        lists.append((workload_title(rows.iloc[0]), [_run_line(record, folder) for record in records]))
    return lists


def _run_line(run: Mapping[Any, Any], folder: Path) -> RunLine:
    error = None if pd.isna(run["test_accuracy"]) else 100 * (1 - run["test_accuracy"])
    cells = (
        str(run["label"]),
        str(run["purpose"]),
        format_number(run["lr"], "g"),
        str(run["seed"]),
        format_number(error, ".2f"),
        format_loss(run["val_loss"]),
        str(run["steps"]),
        format_number(run["train_seconds"], ".1f"),
    )
    run_folder = Path(run["folder"])
    prefix = relative_link(run_folder / layout.RECORD, folder).removesuffix(layout.RECORD)  # there may be thousands
    links = [(name, prefix + name) for name in RUN_FILES if (run_folder / name).exists()]
    return RunLine(cells, run["status"], links)


def failures(runs: pd.DataFrame, folder: Path) -> list[FailureLine]:
    """The runs that did not complete. Runs that differ only in their seed and ended the same way share a line."""
    unsuccessful = runs[runs["status"] != "completed"]
    unsuccessful = unsuccessful.assign(error=unsuccessful["error"].map(first_line))
    lines = []
    groups = unsuccessful.groupby(["status", "label", "lr", "error"], dropna=False, sort=False)
    for (status, label, lr, error), rows in groups:
        linked = zip(rows["seed"].head(MAX_LINKS), rows["folder"].head(MAX_LINKS), strict=True)
        links = [(str(seed), relative_link(Path(run) / layout.RECORD, folder)) for seed, run in linked]
        lines.append(FailureLine(status, label, format_number(lr, "g"), error, links, len(rows) - len(links)))
    return lines
