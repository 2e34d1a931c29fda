"""What a finished sweep suggests to do next: name a reference, add seeds if chance may decide, or look at curves."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from itertools import count, islice
from pathlib import Path

import pandas as pd

from src.analysis.labels import display_names
from src.analysis.report.reasons import is_reason
from src.analysis.workloads import WORKLOAD
from src.program import command_line, split_command
from src.sweeps.plan import Plan
from src.sweeps.protocol import Protocol

MIN_SEEDS = 10  # suggested: they usually show a difference of 0.3 points
_SWEEPER_PARAMS = "hydra.sweeper.params"


def next_step(table: pd.DataFrame, plan: Plan, protocol: Protocol | None = None) -> str:
    """A sentence and a command for the shell.

    Args:
        table: The comparison of the sweep.
        plan: The runs that it compares.
        protocol: The protocol of the sweep, if it has one.
    """
    program, arguments = split_command(sys.orig_argv, sys.argv)
    if name := possible_reference(table, plan):
        report = command_line("report", str(plan.folder), f"reference={name}")
        return f"Next, test the differences from {name}, or from another of the schedules:\n  {report}"
    needs_seeds = is_undecided(table) and not any(_SWEEPER_PARAMS in argument for argument in arguments)
    if not needs_seeds:
        return f"Next, view the curves in TensorBoard:\n  {command_line('board', str(plan.folder))}"
    seeds = changed_seeds(plan, protocol, seeds_key(program, arguments))
    more = [*program, *with_seeds(arguments, seeds, plan.folder)]
    return f"Next, run more seeds to settle what is inconclusive (the report will note it):\n  {shlex.join(more)}"


def possible_reference(table: pd.DataFrame, plan: Plan) -> str:
    """A name for `reference=` if the sweep has no reference and something to compare; otherwise empty.

    It is a setting of the schedule that was planned first, whatever the results: the best one would flatter itself.
    """
    if table["verdict"].notna().any():
        return ""
    workloads = [rows for _, rows in table[table["n"] > 0].groupby(WORKLOAD, dropna=False, sort=False)]
    rows = next((rows for rows in workloads if len(rows) > 1), None)
    if rows is None:
        return ""
    is_first = rows["scheduler"] == plan.jobs[0].config.scheduler["name"]
    return str(display_names(rows)[is_first if is_first.any() else rows.index].iloc[0])


def is_undecided(table: pd.DataFrame) -> bool:
    """Whether a verdict is inconclusive for no other reason than chance."""
    return bool(((table["verdict"] == "inconclusive") & ~table["reason"].map(is_reason)).any())


def seeds_key(program: Sequence[str], arguments: Sequence[str]) -> str:
    """The key of the seeds of a sweep without a protocol: Hydra's for a multirun, otherwise that of an experiment."""
    is_multirun = program[-1] in ("src.train", "train")
    return "seed" if is_multirun or any(argument.startswith("seed=") for argument in arguments) else "seeds"


def changed_seeds(plan: Plan, protocol: Protocol | None, key: str) -> dict[str, str]:
    """The seeds with as many again, by key."""
    if protocol is None:
        seeds = more_seeds({job.config.seed for job in plan.jobs})
        return {key: as_list(seeds) if key == "seeds" else ",".join(map(str, seeds))}
    evaluation = more_seeds(protocol.evaluation_seeds, protocol.tuning_seeds)
    if not protocol.tune_per_seed:
        return {"evaluation_seeds": as_list(evaluation)}
    tuning = more_seeds(protocol.tuning_seeds, evaluation)
    return {"tuning_seeds": as_list(tuning), "evaluation_seeds": as_list(evaluation)}


def more_seeds(seeds: Sequence[int] | set[int], others: Sequence[int] = ()) -> list[int]:
    """Twice as many seeds, and at least ten, without any of the others. Those that there are come first, in order."""
    existing = sorted(seeds) if isinstance(seeds, set) else list(seeds)
    num_new = max(MIN_SEEDS, 2 * len(existing)) - len(existing)
    new = (seed for seed in count(min(existing)) if seed not in existing and seed not in others)
    return [*existing, *islice(new, num_new)]


def with_seeds(arguments: Sequence[str], seeds: dict[str, str], folder: Path) -> Iterator[str]:
    """The arguments with other seeds, and with the name of the sweep, which otherwise follows from the seeds."""
    yield from (argument for argument in arguments if argument.partition("=")[0] not in seeds)
    yield from (f"{key}={values}" for key, values in seeds.items())
    if not any(argument.startswith(("name=", "hydra.sweep.dir=")) for argument in arguments):
        yield f"name={folder.name}"


def as_list(seeds: Sequence[int]) -> str:
    return f"[{','.join(map(str, seeds))}]"
