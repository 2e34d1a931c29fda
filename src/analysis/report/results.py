"""The results of a report: everything that its files, figures and page show, computed from the run records."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from src.analysis.budgets import across_workloads
from src.analysis.collect import Collection, collect
from src.analysis.comparison import Reference, comparison
from src.analysis.consistency import mixed_setups
from src.analysis.final_weights import with_final_weights
from src.analysis.own_sweeps import reference_of, seed_warnings, stored_reference
from src.analysis.pairwise import pairwise
from src.analysis.redraws import redraws
from src.analysis.reference import DEFAULT, check_reference
from src.analysis.replicates import with_replicates, with_replicates_of_sweeps
from src.analysis.stability import with_stable_pairs, with_stable_verdicts
from src.analysis.sweep_file import read_sweep_file
from src.analysis.tuning import (
    best_of_trials,
    choose,
    evaluation_runs,
    is_tuning,
    runs_by_rate,
    sensitivity,
    unevaluated_schedules,
    untrainable_schedules,
    with_choices,
)
from src.analysis.wording import count_noun, join_names
from src.errors import UsageError

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Results:
    """The tables of a report, and what they are made from.

    Attributes:
        runs: All runs as recorded, including tuning runs and runs that did not complete.
        evaluation: The runs that the comparison is made from, with the metrics of the weights that count.
        table: `comparison` of the evaluation runs, with what is known about the choice of the rates.
        pairs: `pairwise` of the evaluation runs.
        across: `across_workloads` of the table; may be empty.
        sensitivity: `sensitivity` of `runs_by_rate`, over all seeds; may be empty.
        trials: `best_of_trials` of the tuning runs; may be empty.
        choices: `choose` of the tuning runs; may be empty.
        problems: The files that were left out, and why.
        num_missing: Planned runs without a record.
        sweep: The contents of sweep.json; empty for several sweeps or single runs.
    """

    runs: pd.DataFrame
    evaluation: pd.DataFrame
    table: pd.DataFrame
    pairs: pd.DataFrame
    across: pd.DataFrame
    sensitivity: pd.DataFrame
    trials: pd.DataFrame
    choices: pd.DataFrame
    problems: Sequence[str]
    num_missing: int
    sweep: Mapping[str, Any]

    @cached_property
    def setup_warnings(self) -> dict[str, str]:
        """`mixed_setups` of the evaluation runs."""
        return mixed_setups(self.evaluation)

    @cached_property
    def seed_warnings(self) -> list[str]:
        """The sweeps whose seeds were added once results of others could be seen."""
        return seed_warnings(self.runs, self.sweep)

    @property
    def unfinished(self) -> list[str]:
        """What keeps the sweep from being finished: `2 planned runs without a record`, `1 interrupted run`."""
        num_interrupted = int((self.runs["status"] == "interrupted").sum())
        unevaluated = unevaluated_schedules(self.runs, self.choices)
        parts = (
            (self.num_missing, f"{count_noun(self.num_missing, 'planned run')} without a record"),
            (num_interrupted, count_noun(num_interrupted, "interrupted run")),
            (len(unevaluated), f"no evaluation of {join_names(unevaluated)} at the learning rate that tuning chose"),
        )
        return [text for count, text in parts if count]


def load_results(folders: Sequence[Path], reference: str | None = None, *, across_optimizer: bool = False) -> Results:
    """Computes all tables from the records below `folders`.

    Args:
        folders: Folders of runs or of sweeps. From the folder of a sweep with a protocol, only planned runs are read.
        reference: The reference schedule or setting; by default that of the sweep, otherwise `constant`. With several
            sweeps, that of each table's own.
        across_optimizer: Whether runs that differ in the optimizer alone share a table.

    Raises:
        UsageError: there are no records, or none of the given reference, or none that differ in the optimizer alone.
    """
    sweep = read_sweep_file(folders[0]) if len(folders) == 1 else {}
    planned = {folders[0] / job["folder"] for job in sweep.get("jobs") or []}
    collection = collect(folders, planned if sweep.get("protocol") else None, across_optimizer=across_optimizer)
    for problem in collection.problems:
        log.warning("Left out: %s", problem)
    if collection.runs.empty:
        raise UsageError(f"no run records in {', '.join(map(str, folders))}: give the folder of a run or of a sweep")
    num_missing = len(planned - set(map(Path, collection.runs["folder"])))
    if not sweep:  # several sweeps, each with its own protocol
        collection = replace(collection, runs=with_replicates_of_sweeps(collection.runs))
    default = None if sweep else stored_reference
    return compute_results(collection, default if reference is None else reference, sweep, num_missing)


def compute_results(
    collection: Collection,
    reference: Reference | None = None,
    sweep: Mapping[str, Any] | None = None,
    num_missing: int = 0,
) -> Results:
    """Computes all tables from runs. Arguments as for `load_results` and `Results`."""
    sweep = sweep or {}
    protocol = sweep.get("protocol") or {}
    runs = with_replicates(collection.runs, protocol)
    judged = with_final_weights(runs)
    tuning = judged[is_tuning(judged)]
    evaluation, untrainable = evaluation_runs(judged), untrainable_schedules(judged)
    if len(untrainable):
        names = ", ".join(dict.fromkeys(untrainable["label"]))
        log.warning("No learning rate trained %s; try a smaller optimizer.lr", names)
    if evaluation.empty:  # the sweep was stopped while tuning, or nothing could be trained
        evaluation, untrainable = judged, untrainable[:0]
    if isinstance(reference, str):
        check_reference(evaluation, reference)  # not among all runs: the tuning runs have many rates
    choices, redrawn = choose(sensitivity(tuning)), redraws(judged)
    table = comparison(evaluation, reference or reference_of(sweep) or DEFAULT, untrainable)
    return Results(
        runs=runs,
        evaluation=evaluation,
        table=with_choices(with_stable_verdicts(table, evaluation, redrawn), choices),
        pairs=with_stable_pairs(pairwise(evaluation), evaluation, redrawn),
        across=across_workloads(table),
        sensitivity=sensitivity(runs_by_rate(judged).drop(columns="replicate")).drop(columns="replicate"),
        trials=best_of_trials(tuning),
        choices=choices,
        problems=collection.problems,
        num_missing=num_missing,
        sweep=sweep,
    )
