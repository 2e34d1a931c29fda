"""Captured output of all processes, and the terminal afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from src.sweeps.output import capturing_stdout


def test_output_of_child_processes_is_captured_and_nothing_is_lost(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "terminal"
    with open(path, "w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        with capturing_stdout() as captured:
            print("ours", flush=True)
            subprocess.run(["echo", "a child's"], stdout=stdout.fileno(), check=True)
            assert captured.read() == ["ours", "a child's"]
            assert captured.read(0.0) == []
            os.write(stdout.fileno(), b"left over\nwithout an end")
        print(" and after", flush=True)
    assert path.read_text() == "left over\nwithout an end and after\n"
