"""What the runs of the page were made with: code, devices, threads, packages; with counts where runs differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from src.analysis.wording import counted


def provenance(runs: pd.DataFrame, sweep: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Terms and their descriptions. `sweep` is the contents of sweep.json, or empty."""
    states = pd.Series(list(runs["provenance"]), dtype=object)
    commits = states.map(_commit)
    lines = [
        ("Planned", _planned(sweep, set(commits))),
        ("Commit", counted(commits) or "unknown: not a git checkout"),
        ("Device", counted(runs["device"])),
        ("Processor", counted(runs["cpu"])),
        ("Threads per run", counted(runs["num_threads"].astype("Int64"))),
        ("Workers", counted(runs["num_workers"].astype("Int64"))),
        ("Lockstep", _packs(states)),
        ("Python", counted(states.map(lambda state: state.get("python")))),
        ("Platform", counted(states.map(lambda state: state.get("platform")))),
        ("Packages", _packages(states.map(lambda state: state.get("packages") or {}))),
    ]
    return [(term, text) for term, text in lines if text]


def _packs(states: pd.Series) -> str:
    """`packs of 7 runs (21 runs) and none (3 runs)`; empty if no run was trained in lockstep."""
    sizes = states.map(lambda state: state.get("lockstep") or 1)
    names = sizes.map(lambda size: f"packs of {size} runs" if size > 1 else "none")
    return counted(names) if (sizes > 1).any() else ""


def _planned(sweep: Mapping[str, Any], commits: set[str | None]) -> str:
    """When the sweep was planned, and from which commit if no run was made from it."""
    commit = _commit(sweep.get("provenance") or {})
    time = str(sweep.get("planned_at") or "")
    return time if commit is None or commit in commits else f"{time} from commit {commit}"


def _commit(state: Mapping[str, Any]) -> str | None:
    if not state.get("git_sha"):
        return None
    return f"{state['git_sha']}{' with uncommitted changes' if state.get('git_dirty') else ''}"


def _packages(installed: pd.Series) -> str:
    """`numpy 2.4.6, torch 2.13.0 (12 runs) and torch 2.12.1 (3 runs)`."""
    names = sorted({name for packages in installed for name in packages})
    return ", ".join(counted(installed.map(lambda packages, name=name: _package(packages, name))) for name in names)


def _package(packages: Mapping[str, str], name: str) -> str:
    return f"{name} {packages[name]}" if name in packages else f"no {name}"
