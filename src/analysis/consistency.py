"""Whether the runs of a comparison were made with one setup: code, torch, processor, threads, workers, lockstep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from src.analysis.wording import count_noun, join_names
from src.analysis.workloads import WORKLOAD, computing_device, workload_title

MAX_VALUES = 3  # values that are listed one by one; the processors of a cluster can be dozens


def mixed_setups(evaluation: pd.DataFrame) -> dict[str, str]:
    """`mixed_setup` of each workload that has one, by the workload's title."""
    workloads = [rows for _, rows in evaluation.groupby(WORKLOAD, dropna=False, sort=False)]
    return {workload_title(rows.iloc[0]): warning for rows in workloads if (warning := mixed_setup(rows))}


def mixed_setup(runs: pd.DataFrame) -> str:
    """A warning if the completed runs of a workload were not made with one setup; otherwise empty.

    Args:
        runs: The evaluation runs of the workload.
    """
    completed = runs[runs["status"] == "completed"]
    setups = _setups(completed)
    varied = [str(name) for name in setups if setups[name].nunique() > 1]
    if not varied:
        return ""
    counts = "; ".join(_counts(setups[name]) for name in varied)
    return f"These runs are not from one setup: {counts}. {_consequence(varied, setups['device'], completed['seed'])}"


def _setups(runs: pd.DataFrame) -> pd.DataFrame:
    """What each run was made with, as the end of a phrase."""
    is_dirty = runs["git_dirty"].eq(True)
    commits = _phrases(runs["git_sha"], lambda sha: f"from commit {sha[:7]}", "from an unknown commit")
    return pd.DataFrame(
        {
            "torch": _phrases(runs["torch"], lambda version: f"with torch {version}", "with an unknown torch"),
            "commit": commits.mask(is_dirty, commits + " with uncommitted changes"),
            "device": _phrases(computing_device(runs), lambda device: f"on {device}", "on an unknown device"),
            "threads": _number_phrases(runs["num_threads"], "thread"),
            "workers": _number_phrases(runs["num_workers"], "worker"),
            "lockstep": runs["provenance"].map(_lockstep),
        }
    )


def _lockstep(provenance: Mapping[str, Any]) -> str:
    """Sharing passes changes the last bits of numbers, as another number of threads does."""
    return "in lockstep" if (provenance.get("lockstep") or 1) > 1 else "one by one"


def _phrases(values: pd.Series, phrase: Callable[[str], str], unknown: str) -> pd.Series:
    return values.map(lambda value: unknown if pd.isna(value) else phrase(str(value)))


def _number_phrases(counts: pd.Series, noun: str) -> pd.Series:
    return _phrases(counts, lambda count: f"with {count_noun(int(float(count)), noun)}", f"with unknown {noun}s")


def _counts(phrases: pd.Series) -> str:
    """`12 with torch 2.13.0 and 3 with torch 2.12.1`, most frequent first."""
    counts = phrases.value_counts()
    parts = [f"{count} {phrase}" for phrase, count in counts.head(MAX_VALUES).items()]
    num_others = int(counts.iloc[MAX_VALUES:].sum())
    return join_names([*parts, f"{num_others} with others"] if num_others else parts)


def _consequence(varied: list[str], devices: pd.Series, seeds: pd.Series) -> str:
    if varied == ["workers"]:  # they compete for the machine, which changes no number
        return "Their training times cannot be compared."
    sentences = ["Differences between schedules may come from that; run them again with one setup."]
    if (devices.groupby(seeds).nunique() > 1).any():
        sentences.append("Runs with the same seed on different processors are not pairs.")
    return " ".join(sentences)
