"""The sweeps that the runs of a report belong to, and what their `sweep.json` says about the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from src.analysis.reference import DEFAULT, reference_setting
from src.analysis.sweep_file import added_seeds, read_sweep_file, sweep_of


def own_sweeps(runs: pd.DataFrame) -> pd.Series:
    """The folder of each run's own sweep; empty for runs without one."""
    return runs["folder"].map(lambda folder: str(sweep_of(Path(folder).parent) or ""))


def seed_warnings(runs: pd.DataFrame, sweep: Mapping[str, Any]) -> list[str]:
    """`added_seeds` of the sweep or, with its folder, of every sweep that runs belong to.

    Args:
        runs: All runs of a report.
        sweep: The content of `sweep.json`; empty for several sweeps.
    """
    if sweep:
        return list(filter(None, [added_seeds(sweep)]))
    return [f"{folder}: {warning}" for folder, content in _contents(runs) if (warning := added_seeds(content))]


def stored_reference(rows: pd.DataFrame) -> str:
    """The reference that the sweeps of some runs have stored; `constant` where none has, or where they contradict.

    Args:
        rows: Runs of one workload.
    """
    stored = [reference_of(content) for _, content in _contents(rows)]
    names = list(dict.fromkeys(filter(None, stored)))
    return names[0] if len({reference_setting(rows, name) for name in names}) == 1 else DEFAULT


def reference_of(sweep: Mapping[str, Any]) -> str | None:
    """The reference in the content of `sweep.json`, if there is one."""
    return sweep.get("reference") or (sweep.get("protocol") or {}).get("reference")


def _contents(runs: pd.DataFrame) -> Iterator[tuple[str, dict[str, Any]]]:
    for folder in filter(None, own_sweeps(runs).unique()):
        yield folder, read_sweep_file(Path(folder))
