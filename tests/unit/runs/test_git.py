"""The state of the code."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from src.runs import git
from src.runs.git import git_state


def run_git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=me", "-c", "user.email=me@example.org", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def commit_code(repository: Path, place: str) -> Path:
    """Commits a copy of the module at a place in a new repository; returns its path."""
    path = repository / place / "git.py"
    path.parent.mkdir(parents=True)
    path.touch()
    for arguments in (("init",), ("add", "."), ("commit", "-m", "first")):
        run_git(repository, *arguments)
    return path


def test_state_names_the_commit_and_whether_files_were_changed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = commit_code(tmp_path, "src/runs")
    monkeypatch.setattr(git, "__file__", str(path))
    commit = run_git(tmp_path, "rev-parse", "HEAD")
    assert git_state() == {"git_sha": commit, "git_dirty": False}
    path.write_text("changed")
    assert git_state() == {"git_sha": commit, "git_dirty": True}


def test_commit_of_another_project_is_not_that_of_this_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(git, "__file__", str(commit_code(tmp_path, "vendor/schedbench/src/runs")))
    assert git_state() == {"git_sha": None, "git_dirty": None}


def test_state_is_unknown_outside_a_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(git, "__file__", str(tmp_path / "git.py"))
    assert git_state() == {"git_sha": None, "git_dirty": None}
