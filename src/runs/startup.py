"""Fixed costs of commands: the time of whole processes that train next to nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from itertools import count
from pathlib import Path

from src.announce import announcing
from src.errors import UsageError
from src.runs.speed import check_rounds, time_in_rotation

BASELINE = "import torch"
_ROOT = Path(__file__).resolve().parents[2]
_CLI = ("-m", "src.cli")
_TINY = ("data=digits", "model=softmax", "epochs=1")
_REPORTED = "reported"  # a sweep that is there before the first round

# `{number}` differs in every round: no run is found finished.
COMMANDS: dict[str, tuple[str, ...]] = {
    BASELINE: ("-c", "import torch"),
    "train --help": (*_CLI, "train", "--help"),
    "preview": (*_CLI, "preview"),
    "one run": (*_CLI, "train", *_TINY, "hydra.run.dir=runs/{number}"),
    "sweep of 4 runs": (*_CLI, "sweep", *_TINY, "schedulers=[step,cosine]", "seeds=[0,1]", "name=sweep{number}"),
    "report on 12 runs": (*_CLI, "report", f"outputs/sweeps/{_REPORTED}"),
}
_PREPARATION = (*_CLI, "sweep", *_TINY, "schedulers=[constant,step,cosine]", "seeds=[0,1,2,3]", f"name={_REPORTED}")


def time_commands(rounds: int) -> dict[str, list[float]]:
    """Seconds from start to end of every command in every round.

    Raises:
        UsageError: the number of rounds is not positive, or a command failed.
    """
    check_rounds(rounds)
    with tempfile.TemporaryDirectory() as folder:
        with announcing("preparing a sweep"):
            _seconds(_PREPARATION, Path(folder), count())
        numbers = count()
        commands = {name: partial(_seconds, arguments, Path(folder), numbers) for name, arguments in COMMANDS.items()}
        return time_in_rotation(commands, rounds)


def _seconds(arguments: tuple[str, ...], folder: Path, numbers: count[int]) -> float:
    command = [sys.executable, *(argument.format(number=next(numbers)) for argument in arguments)]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=_environment(), capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise UsageError(f"{' '.join(command)}: ended with status {done.returncode}: {done.stderr.strip()}")
    return seconds


def _environment() -> dict[str, str]:
    """Lets a process in any folder import this project."""
    paths = [str(_ROOT), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
