"""Tab completion in a real shell."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from src.cli import main
from tests.conftest import ROOT
from tests.integration.in_process import run_in_process

CASES = {
    "schedbench sw": ["sweep "],
    "schedbench train scheduler=cosine_": ["cosine_cycles ", "cosine_restarts "],  # bash breaks words at =
    "schedbench train 'scheduler=cosine_": ["scheduler=cosine_cycles ", "scheduler=cosine_restarts "],
    "schedbench sweep schedulers=[step,wa": ["[step,warmup_cosine"],
    "{python} -m src.train optimizer.l": ["optimizer.lr="],
    "{python} scripts/preview.py --term": ["--terminal "],
    "{python} other.py scheduler=cos": [],
    "{python} -m src.tr": [],
}
# What bash sets before it calls the function: words are split at spaces and at =, and the cursor is at the end.
PROBE = """
complete_line() {
    COMP_LINE=$1 COMP_POINT=${#1} COMPREPLY=()
    read -ra COMP_WORDS <<<"${1//=/ = }"
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _schedbench_complete
    printf '%s|' "${COMPREPLY[@]}"
    echo
}
"""


@pytest.fixture
def installed(tmp_path: Path) -> dict[str, str]:
    """The environment of a shell in which `schedbench` is installed."""
    command = tmp_path / "bin" / "schedbench"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m src.cli "$@"\n')
    command.chmod(0o755)
    return os.environ | {"PATH": f"{command.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_commands_choices_keys_and_flags(installed: dict[str, str], tmp_path: Path) -> None:
    lines = [line.format(python=sys.executable) for line in CASES]
    calls = [f"complete_line {_quoted(line)}" for line in lines]
    script = "\n".join(['eval "$(schedbench completion bash)"', PROBE, *calls])
    done = subprocess.run(["bash", "-c", script], env=installed, cwd=ROOT, capture_output=True, text=True, check=True)
    replies = [[word for word in reply.split("|") if word] for reply in done.stdout.splitlines()]
    assert dict(zip(CASES, replies, strict=True)) == CASES


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_script_for_bash_registers_the_commands() -> None:
    script = (ROOT / "src" / "commands" / "completion.bash").read_text()
    done = subprocess.run(["bash", "-c", f"{script}\ncomplete -p"], capture_output=True, text=True, check=True)
    names = {line.rpartition(" ")[2] for line in done.stdout.splitlines() if "_schedbench_complete" in line}
    assert names == {"schedbench", "python", "python3"}


def test_unknown_shell_is_refused_in_one_line(tmp_path: Path) -> None:
    done = run_in_process(main, ["completion", "fish"], tmp_path)
    assert done.returncode == 2
    assert "choose one of" in done.stderr
    assert done.stderr.count("\n") == 1


def _quoted(line: str) -> str:
    return "'" + line.replace("'", "'\\''") + "'"
