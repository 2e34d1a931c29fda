"""`sweep.json` as a sweep wrote it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from src import layout
from src.analysis.wording import join_names

log = logging.getLogger(__name__)


def read_sweep_file(folder: Path) -> dict[str, Any]:
    """The command, plan and protocol of the sweep in `folder`; empty if there is no readable file."""
    path = folder / layout.SWEEP
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        log.warning("%s cannot be read (%s): all runs in the folder are included, planned or not", path, error)
        return {}
    return content if isinstance(content, dict) else {}


def evaluation_seeds(content: Mapping[str, Any]) -> list[int]:
    """The seeds that a plan compares schedules with.

    Args:
        content: The content of `sweep.json`.
    """
    protocol = content.get("protocol") or {}
    if "evaluation_seeds" in protocol:
        return sorted(protocol["evaluation_seeds"])
    overrides = [line for job in content.get("jobs") or [] for line in job.get("overrides") or []]
    return sorted({int(line.removeprefix("seed=")) for line in overrides if line.startswith("seed=")})


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
