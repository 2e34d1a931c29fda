"""The state of this code. Does without torch: a sweep asks for it before its runs start."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

_PLACE = "src/runs/"  # of this file in its repository


def git_state() -> dict[str, Any]:
    """The commit of this code and whether the tree has uncommitted changes; nulls outside a git checkout of it."""
    commit, _, place = (_git("rev-parse", "HEAD", "--show-prefix") or "").partition("\n")
    if place.strip() != _PLACE:  # none, or that of another project, in which this code is a part
        return {"git_sha": None, "git_dirty": None}
    changes = _git("status", "--porcelain")
    return {"git_sha": commit, "git_dirty": None if changes is None else changes != ""}


def _git(*arguments: str) -> str | None:
    command = ["git", "--no-optional-locks", *arguments]  # the user may commit at the same time
    try:
        result = subprocess.run(
            command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return result.stdout.strip()
