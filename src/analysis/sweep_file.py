"""`sweep.json` as a sweep wrote it."""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from src import layout
from src.analysis.wording import join_names
from src.config.instantiate import matches_type
from src.errors import UsageError
from src.files import check_file

log = logging.getLogger(__name__)

_TYPES = {
    "command": list[str] | None,
    "planned_at": str | None,
    "provenance": dict[str, Any] | None,
    "protocol": dict[str, Any] | None,
    "reference": str | None,
    "seeds": list[int] | None,
    "jobs": list[dict[str, Any]] | None,
    "packs": list[list[str]] | None,
    "history": list[dict[str, Any]] | None,
    "commands": list[dict[str, Any]] | None,
}
_PROTOCOL = {
    "reference": str,
    "schedulers": list[str],
    "tuning_seeds": list[int],
    "evaluation_seeds": list[int],
    "tune_per_seed": bool,
}
_JOB = {"folder": str, "overrides": list[str] | None}
_PLAN = {"seeds": list[int], "command": list[str] | None, "planned_at": str | None}
_COMMAND = {"command": list[str], "planned_at": str | None}


def read_sweep_file(folder: Path) -> dict[str, Any]:
    """The command, plan and protocol of the sweep in `folder`; empty if there is no readable file."""
    path = folder / layout.SWEEP
    if not path.exists():
        return {}
    try:
        check_file(path)
        content = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError, UsageError) as error:
        log.warning("%s cannot be read (%s): all runs in the folder are included, planned or not", path, error)
        return {}
    if problem := next(_problems(content), None):
        log.warning("%s is not what a sweep wrote (%s): all runs in the folder are included", path, problem)
        return {}
    return dict(content)


@functools.lru_cache(maxsize=10_000)
def sweep_of(folder: Path) -> Path | None:
    """The folder itself or the nearest one above that has a sweep.json."""
    if (folder / layout.SWEEP).is_file():
        return folder
    return None if folder == folder.parent else sweep_of(folder.parent)


def _problems(content: Any) -> Iterator[str]:
    """Which parts of `sweep.json` have another type than the one that is written."""
    if not isinstance(content, dict):
        yield f"a {type(content).__name__}"
        return
    for key, annotation in _TYPES.items():
        if not matches_type(annotation, content.get(key)):
            yield key
    protocol = content.get("protocol") or {}
    for key in protocol.keys() & _PROTOCOL.keys() if isinstance(protocol, dict) else ():
        if not matches_type(_PROTOCOL[key], protocol[key]):
            yield f"protocol.{key}"
    if isinstance(protocol, dict) and protocol.get("tune_per_seed"):
        yield from (f"protocol.{key}" for key in ("tuning_seeds", "evaluation_seeds") if key not in protocol)
    for key, parts in (("jobs", _JOB), ("history", _PLAN), ("commands", _COMMAND)):
        for entry in content.get(key) or []:
            yield from (key for name, kind in parts.items() if not matches_type(kind, entry.get(name)))


def sweep_commands(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The commands that planned runs of the folder, oldest first: each `command` and when it first did, `planned_at`.

    Args:
        content: The content of `sweep.json`. Earlier versions kept the last command and those of plans in `history`.
    """
    earlier = [*(content.get("history") or []), content]
    entries = content.get("commands") or [{key: plan.get(key) for key in _COMMAND} for plan in earlier]
    first: dict[tuple[str, ...], dict[str, Any]] = {}
    for entry in entries:
        if entry["command"]:
            first.setdefault(tuple(entry["command"]), entry)
    return list(first.values())


def evaluation_seeds(content: Mapping[str, Any]) -> list[int]:
    """The seeds that a plan compares schedules with.

    Args:
        content: The content of `sweep.json`.
    """
    protocol = content.get("protocol") or {}
    if "evaluation_seeds" in protocol:
        return sorted(protocol["evaluation_seeds"])
    if content.get("seeds"):
        return sorted(content["seeds"])
    # Earlier versions wrote overrides only.
    overrides = [line for job in content.get("jobs") or [] for line in job.get("overrides") or []]
    seeds = [line.removeprefix("seed=") for line in overrides if line.startswith("seed=")]
    return sorted({int(seed) for seed in seeds if seed.isdigit()})


def added_seeds(content: Mapping[str, Any]) -> str:
    """A warning if seeds were added to an earlier plan, whose results could be seen; otherwise empty.

    Args:
        content: The content of `sweep.json`.
    """
    seeds = evaluation_seeds(content)
    earlier = [plan["seeds"] for plan in content.get("history") or [] if set(plan["seeds"]) < set(seeds)]
    if not earlier:
        return ""
    counts = join_names([str(len(plan)) for plan in earlier])
    return (
        f"Seeds were added: the sweep was planned with {counts} before it was planned with {len(seeds)}. If the "
        "results of the earlier ones were the reason, the p-values are too small."
    )
