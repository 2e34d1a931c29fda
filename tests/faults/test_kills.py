"""SIGKILL at random moments: the same command, given again, ends in the results of an undisturbed one."""

from __future__ import annotations

import itertools
import random
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from src import layout
from tests.conftest import ROOT, SMALL
from tests.faults.campaign import NUM_KILLS, Count
from tests.faults.commands import TARGETS, RunningCommand, wait_until
from tests.faults.equality import assert_same_results, assert_whole

pytestmark = pytest.mark.faults

SWEEP = str(ROOT / "scripts" / "sweep.py")
COMMANDS = {
    "run": ("-m", "src.train", *SMALL, "epochs=150", "scheduler=one_cycle", "hydra.run.dir=outputs/run"),
    "sweep": (
        SWEEP, *SMALL, "epochs=40", "schedulers=[step,one_cycle]", "seeds=[0,1]", "name=mine",
        "hydra/launcher=joblib", "hydra.launcher.n_jobs=2",
    ),
    "protocol": (
        SWEEP, *SMALL, "protocol=quick", "epochs=10", "name=mine", "schedulers=[constant,step]", "num_lrs=3",
        "max_extensions=0", "refine=true", "tuning_seeds=[7]", "evaluation_seeds=[0,1]", "hydra/launcher=basic",
    ),
}  # fmt: skip
NUM_STREAMS = 4  # each in a test of its own, so that two commands can be killed at the same time
TIMEOUT = 300.0
NOTHING = "nothing"


@dataclass(frozen=True)
class Lifetime:
    """How long an undisturbed command takes, in seconds, until its first checkpoint, its last record and its end."""

    first_checkpoint: float
    last_record: float
    end: float


@dataclass(frozen=True)
class Moment:
    """A moment in the life of a command: so many seconds after the beginning of a phase."""

    phase: str  # "start-up", "training" or "end"
    seconds: float


@dataclass(frozen=True)
class Undisturbed:
    """A command that ran to its end without a fault."""

    name: str
    folder: Path
    lifetime: Lifetime
    num_runs: int


@pytest.fixture(scope="module", params=COMMANDS)
def undisturbed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """The command run to its end without a fault."""
    folder = tmp_path_factory.mktemp("undisturbed")
    command = RunningCommand(COMMANDS[request.param], folder)
    wait_until(lambda: has_new_checkpoint(folder, command), command, lambda: None)
    first_checkpoint = time.time() - command.started
    assert command.wait(TIMEOUT) == 0, command.output
    end = time.time() - command.started
    records = [path.stat().st_mtime - command.started for path in folder.rglob(layout.RECORD)]
    return Undisturbed(request.param, folder, Lifetime(first_checkpoint, max(records), end), len(records))


@pytest.mark.parametrize("stream", range(NUM_STREAMS))
def test_killed_command_given_again_ends_in_the_results_of_an_undisturbed_one(
    stream: int, undisturbed: Undisturbed, tmp_path: Path, rng: random.Random, count: Count
) -> None:
    remaining = NUM_KILLS[undisturbed.name] // NUM_STREAMS
    for history in itertools.count():
        folder = tmp_path / str(history)
        folder.mkdir()
        remaining -= kill_until_complete(folder, undisturbed, remaining, rng, count)
        assert_same_results(folder, undisturbed.folder)
        count(f"{undisturbed.name}: completed after kills, and compared with the undisturbed one", 1)
        shutil.rmtree(folder)
        if not remaining:
            return


def kill_until_complete(
    folder: Path, undisturbed: Undisturbed, max_kills: int, rng: random.Random, count: Count
) -> int:
    """Gives the command again and again until it completes; returns how often it was killed on the way."""
    commands: list[RunningCommand] = []
    num_kills, is_complete = 0, False
    while not is_complete:
        command = RunningCommand(COMMANDS[undisturbed.name], folder)
        commands.append(command)
        target = kill_at_some_moment(command, folder, undisturbed, rng, count) if num_kills < max_kills else NOTHING
        num_kills += target != NOTHING
        if target in (NOTHING, "worker"):
            is_complete = ends_well(command, target)
        elif rng.random() < 0.5:  # otherwise the next command starts at once, while workers may still be alive
            count("longest life after a killed main process, in seconds", round(command.seconds_until_gone(), 1))
        assert_whole(folder)
    for command in commands:
        command.seconds_until_gone()
    return num_kills


def kill_at_some_moment(
    command: RunningCommand, folder: Path, undisturbed: Undisturbed, rng: random.Random, count: Count
) -> str:
    """Kills a part of the command; returns which, or that it ended before that moment."""
    target = rng.choice(TARGETS) if undisturbed.name == "sweep" else "all processes"
    moment = draw_moment(undisturbed.lifetime, rng)
    wait_for(moment, command, folder, undisturbed.num_runs)
    if command.has_ended or not command.kill(target, rng):
        return NOTHING
    count(f"{undisturbed.name}: kills of {target}", 1)
    count(f"{undisturbed.name}: kills during {moment.phase}", 1)
    return target


def ends_well(command: RunningCommand, killed: str) -> bool:
    """Waits for the end of a command; whether it completed. Only one that lost a worker may end otherwise."""
    status = command.wait(TIMEOUT)
    assert status == 0 or killed == "worker", command.output
    assert "Traceback" not in command.output, command.output
    return status == 0


def draw_moment(lifetime: Lifetime, rng: random.Random) -> Moment:
    """A moment in the life of an undisturbed command, more often in its training than in the rest."""
    lengths = {
        "start-up": lifetime.first_checkpoint,
        "training": lifetime.last_record - lifetime.first_checkpoint,
        "end": lifetime.end - lifetime.last_record,
    }
    phase = rng.choice(["start-up", "training", "training", "training", "end"])
    return Moment(phase, rng.uniform(0, lengths[phase]))


def wait_for(moment: Moment, command: RunningCommand, folder: Path, num_runs: int) -> None:
    """Waits for the moment or the end of the command. No file may be broken in the meantime."""
    has_begun = {
        "start-up": lambda: True,
        "training": lambda: has_new_checkpoint(folder, command),
        "end": lambda: len(list(folder.rglob(layout.RECORD))) == num_runs,
    }[moment.phase]
    wait_until(has_begun, command, lambda: assert_whole(folder))
    begun = time.monotonic()
    wait_until(lambda: time.monotonic() >= begun + moment.seconds, command, lambda: assert_whole(folder))


def has_new_checkpoint(folder: Path, command: RunningCommand) -> bool:
    return any(modified(path) > command.started for path in folder.rglob(layout.CHECKPOINT))


def modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # it is being replaced
        return 0.0
