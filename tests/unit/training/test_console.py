"""Plain lines where the output is piped, a bar below the lines on a terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from src.runs import run as experiment
from tests.conftest import SMALL, environment, small_config


def test_lines_are_aligned_and_seconds_are_those_of_the_epoch(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="src.training.console")
    experiment.run(small_config("epochs=3"), tmp_path, show="lines")
    header, *lines = caplog.messages
    assert [line.split()[0] for line in lines] == ["1/3", "2/3", "3/3"]
    assert {len(line) for line in lines} == {len(header)}
    seconds = [float(line.split()[-1]) for line in lines]
    total = float((tmp_path / "history.csv").read_text().splitlines()[-1].split(",")[-1])
    assert sum(seconds) == pytest.approx(total, abs=0.2)


def test_a_terminal_gets_a_bar_below_the_lines(tmp_path: Path) -> None:
    terminal, its_end = pty.openpty()
    arguments = [sys.executable, "-m", "src.train", *SMALL, "epochs=3"]
    process = subprocess.Popen(
        arguments, cwd=tmp_path, env=environment(TERM="xterm"), stdout=its_end, stderr=its_end, stdin=its_end
    )
    os.close(its_end)
    shown = b""
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # how a pseudo-terminal says that its other end is closed
            break
        shown += piece
    os.close(terminal)
    assert process.wait(timeout=60) == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert "60 updates" in text
    assert [f"{epoch}/3" in text for epoch in (1, 2, 3)] == [True] * 3
    assert "test accuracy" in text.splitlines()[-2]
