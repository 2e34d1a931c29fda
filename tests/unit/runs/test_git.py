"""The state of the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.runs import git
from src.runs.git import git_state


def test_state_names_the_commit_and_whether_files_were_changed() -> None:
    assert set(git_state()) == {"git_sha", "git_dirty"}


def test_state_is_unknown_outside_a_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(git, "__file__", str(tmp_path / "git.py"))
    assert git_state() == {"git_sha": None, "git_dirty": None}
