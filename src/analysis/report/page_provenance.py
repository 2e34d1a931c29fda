"""What the runs of the page were made with: code, devices, packages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from src.analysis.wording import count_noun, join_names
from src.runs.record import RecordError, find_record


def provenance(runs: pd.DataFrame, sweep: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Terms and their descriptions. `sweep` is the contents of sweep.json, or empty."""
    states = _distinct_provenances(runs)
    commits = {_commit(state) for state in [*states, sweep.get("provenance") or {}] if state.get("git_sha")}
    devices = runs["device"].dropna().value_counts(sort=False)
    packages = {f"{name} {version}" for state in states for name, version in (state.get("packages") or {}).items()}
    lines = [
        ("Planned", str(sweep.get("planned_at") or "")),
        ("Commit", join_names(sorted(commits)) or "unknown: not a git checkout"),
        ("Device", join_names(f"{device} ({count_noun(count, 'run')})" for device, count in devices.items())),
        ("Python", join_names(sorted({str(state["python"]) for state in states if "python" in state}))),
        ("Platform", join_names(sorted({str(state["platform"]) for state in states if "platform" in state}))),
        ("Packages", join_names(sorted(packages))),
    ]
    return [(term, text) for term, text in lines if text]


def _distinct_provenances(runs: pd.DataFrame) -> list[dict[str, Any]]:
    """The provenance of one run per device and commit: reading every record again would take long."""
    states = []
    for folder in runs.drop_duplicates(["device", "git_sha"])["folder"]:
        try:
            record = find_record(Path(folder))
        except RecordError:
            continue
        if record is not None:
            states.append(record.provenance)
    return states


def _commit(state: Mapping[str, Any]) -> str:
    return f"{state['git_sha']}{' with uncommitted changes' if state.get('git_dirty') else ''}"
