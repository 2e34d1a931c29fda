"""`sweep.json`: what a sweep was planned to run, by which command, with which version of the code.

Seeds that are added once results can be seen make a difference more likely to look significant, so earlier plans with
other seeds are kept in `history`. `packs` are the folders of runs that are trained in lockstep: a resumed sweep keeps
them, whatever it would choose now. `commands` are all commands that were given for the folder.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from src import layout
from src.analysis.sweep_file import evaluation_seeds, read_sweep_file, sweep_commands
from src.files import set_aside, write_text
from src.runs.git import git_state
from src.runs.record import utc_now
from src.sweeps.plan import Plan

log = logging.getLogger(__name__)

COMMAND = list(sys.orig_argv)  # as the user typed it


def write_sweep_file(*plans: Plan, protocol: dict[str, Any] | None = None, reference: str | None = None) -> None:
    """Writes the plans of one sweep, the command and the state of the code into the sweep's folder.

    Args:
        plans: The plans so far.
        protocol: The protocol, which names its own reference.
        reference: The reference of a sweep without a protocol, if the command names one.
    """
    folder = plans[0].folder
    jobs = {job.folder: job for plan in plans for job in plan.jobs}
    content: dict[str, Any] = {
        "command": COMMAND,
        "planned_at": utc_now(),
        "provenance": git_state(),
        "protocol": protocol,
        "reference": reference,
        "seeds": None if protocol else sorted({job.config.seed for job in jobs.values()}),
        "jobs": [{"folder": str(path.relative_to(folder)), "overrides": job.overrides} for path, job in jobs.items()],
    }
    earlier, path = read_sweep_file(folder), folder / layout.SWEEP
    if path.exists() and not earlier:
        log.warning("%s is kept as %s", path, set_aside(path).name)
    content["packs"] = _packs(plans[-1], earlier)
    content["history"] = _history(earlier, content)
    content["commands"] = _commands(earlier, content)
    write_text(path, json.dumps(content, indent=2) + "\n")


def read_planned_jobs(folder: Path) -> list[dict[str, Any]]:
    """The jobs in `sweep.json`: `folder`, relative to the sweep's, and `overrides`."""
    return list(read_sweep_file(folder).get("jobs") or [])


def read_packs(folder: Path) -> list[list[str]]:
    """The packs in `sweep.json`: folders of runs, relative to the sweep's."""
    return list(read_sweep_file(folder).get("packs") or [])


def _packs(plan: Plan, earlier: Mapping[str, Any]) -> list[list[str]]:
    """The packs of the plan, and earlier ones, such as those of a later phase, that share no run with them."""
    packs = [[str(job.folder.relative_to(plan.folder)) for job in pack] for pack in plan.packs]
    packed = {folder for pack in packs for folder in pack}
    return packs + [pack for pack in earlier.get("packs") or [] if packed.isdisjoint(pack)]


def _commands(earlier: Mapping[str, Any], content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every command that made runs in the folder, also those whose plan this one replaces."""
    return sweep_commands({"commands": [*sweep_commands(earlier), *sweep_commands(content)]})


def _history(earlier: Mapping[str, Any], content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The earlier plans of the folder that had other evaluation seeds than the plan after them."""
    history = list(earlier.get("history") or [])
    seeds = evaluation_seeds(earlier)  # unknown in a file of an earlier version whose command named none
    if seeds and seeds != evaluation_seeds(content):
        plan = {key: earlier.get(key) for key in ("planned_at", "command")}
        history.append({**plan, "seeds": seeds})
    return history
