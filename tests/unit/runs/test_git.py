"""The state of the code."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from src.runs import git
from src.runs.git import git_state


def test_state_names_the_commit_and_whether_files_were_changed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def run_git(*arguments: str) -> str:
        author = ("-c", "user.name=me", "-c", "user.email=me@example.org")
        return subprocess.run(
            ["git", *author, *arguments], cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout

    monkeypatch.setattr(git, "__file__", str(tmp_path / "git.py"))
    (tmp_path / "git.py").touch()
    for arguments in (("init",), ("add", "git.py"), ("commit", "-m", "first")):
        run_git(*arguments)
    commit = run_git("rev-parse", "HEAD").strip()
    assert git_state() == {"git_sha": commit, "git_dirty": False}
    (tmp_path / "git.py").write_text("changed")
    assert git_state() == {"git_sha": commit, "git_dirty": True}


def test_state_is_unknown_outside_a_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(git, "__file__", str(tmp_path / "git.py"))
    assert git_state() == {"git_sha": None, "git_dirty": None}
