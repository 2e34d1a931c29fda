"""The command that a finished sweep ends with does what it says."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pandas as pd
import pytest

from src.analysis.report import build
from src.analysis.report.results import load_results
from src.config.flags import parse_command_line
from src.sweeps import launch
from src.sweeps.command import sweep
from src.sweeps.next_step import changed_seeds, is_undecided, more_seeds
from src.sweeps.plan import Job, Plan
from src.train import multirun
from tests.unit.sweeps.conftest import make_study, pretend

SHARED = ["data=digits", "model=softmax", "epochs=2", "hydra/launcher=basic"]
SWEEP = ["python", "scripts/sweep.py"]
INCONCLUSIVE = pd.DataFrame({"verdict": [None, "inconclusive"], "reason": ["", ""]})
DECIDED = INCONCLUSIVE.replace("inconclusive", "better")


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Job]:
    """The jobs that were launched. They complete, and the comparison is inconclusive."""
    jobs: list[Job] = []

    def complete(plan: Plan, batch: list[Job]) -> None:
        jobs.extend(batch)
        for job in batch:
            pretend(job, val_loss=job.config.optimizer["lr"])

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(launch, "_launch", complete)
    monkeypatch.setattr(build, "build_report", lambda folders, out: INCONCLUSIVE)
    return jobs


def run(
    program: list[str], arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> list[str]:
    """Runs a sweep; returns the arguments of the next command, which the same program runs."""
    monkeypatch.setattr(sys, "orig_argv", [*program, *arguments])
    monkeypatch.setattr(sys, "argv", [program[-1], *arguments])
    if program == SWEEP:
        assert sweep(arguments, dry_run=False) == 0
    else:
        assert multirun(parse_command_line(arguments).overrides) == 0
    command = shlex.split(capsys.readouterr().out.splitlines()[-1])
    assert command[: len(program)] == program
    return command[len(program) :]


def seeds_of(jobs: list[Job]) -> set[int]:
    return {job.config.seed for job in jobs}


@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        (SWEEP, ["schedulers=[constant,step]", "seeds=[0,1,2]"]),
        (SWEEP, ["schedulers=[constant,step]", "seed=0,1,2", "name=mine"]),
        (["python", "-m", "src.train"], ["-m", "scheduler=constant,step", "seed=0,1,2"]),
    ],
)
def test_next_command_adds_only_the_missing_runs(
    program: list[str],
    arguments: list[str],
    launched: list[Job],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    following = run(program, [*SHARED, *arguments], monkeypatch, capsys)
    first = list(launched)
    run(program, following, monkeypatch, capsys)
    added = launched[len(first) :]
    assert seeds_of(first) == {0, 1, 2}
    assert seeds_of(added) == set(range(3, 10))
    assert len(added) == 2 * 7
    assert {job.folder.parents[-4] for job in launched} == {first[0].folder.parents[-4]}


def test_next_command_of_a_protocol_adds_only_evaluation_runs(
    launched: list[Job], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds = ["tuning_seeds=[5]", "evaluation_seeds=[0,1]"]
    arguments = [*SHARED, "protocol=quick", "schedulers=[constant,step]", *seeds, "max_extensions=0"]
    following = run(SWEEP, arguments, monkeypatch, capsys)
    num_first = len(launched)
    run(SWEEP, following, monkeypatch, capsys)
    assert seeds_of(launched[:num_first]) == {0, 1, 5}
    assert seeds_of(launched[num_first:]) == {2, 3, 4, 6, 7, 8, 9, 10}


def test_seeds_that_are_tuned_by_themselves_get_tuning_seeds_of_their_own(tmp_path: Path) -> None:
    study = make_study(tmp_path, tuning_seeds=[20, 4], evaluation_seeds=[0, 1], tune_per_seed=True)
    assert changed_seeds(study.first_plan, study.protocol, "seeds") == {
        "tuning_seeds": "[20,4,11,12,13,14,15,16,17,18]",
        "evaluation_seeds": "[0,1,2,3,5,6,7,8,9,10]",
    }


def test_decided_sweep_ends_with_the_command_for_tensorboard(
    launched: list[Job], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(build, "build_report", lambda folders, out: DECIDED)
    monkeypatch.setattr(sys, "orig_argv", SWEEP)
    monkeypatch.setattr(sys, "argv", SWEEP[1:])
    assert sweep([*SHARED, "schedulers=[constant,step]", "seeds=[0]", "name=mine"], dry_run=False) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "  python scripts/board.py outputs/sweeps/mine"


@pytest.mark.parametrize(
    ("arguments", "reference"),
    [
        (["schedulers=[step,cosine]"], "step"),
        (["schedulers=[step,cosine]", "optimizer.lr=0.1,0.2"], "step lr=0.1"),
        (["schedulers=[cosine]"], None),
    ],
)
def test_sweep_without_a_reference_ends_with_the_report_that_has_one(
    arguments: list[str],
    reference: str | None,
    launched: list[Job],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(build, "build_report", lambda folders, out: load_results(folders).table)
    monkeypatch.setattr(sys, "orig_argv", SWEEP)
    monkeypatch.setattr(sys, "argv", SWEEP[1:])
    assert sweep([*SHARED, *arguments, "seeds=[0]", "name=mine"], dry_run=False) == 0
    command = shlex.split(capsys.readouterr().out.splitlines()[-1])
    name = "report" if reference else "board"
    assert command[:3] == ["python", f"scripts/{name}.py", "outputs/sweeps/mine"]
    assert command[3:] == ([f"reference={reference}"] if reference else [])
    if reference:
        assert set(load_results([Path(command[2])], reference).table["reference"]) == {reference}


def test_more_seeds_do_not_help_where_tuning_or_a_bad_run_is_the_reason() -> None:
    assert is_undecided(INCONCLUSIVE)
    assert not is_undecided(INCONCLUSIVE.assign(reason="the reference has an outlying run"))
    assert not is_undecided(DECIDED)


def test_seeds_are_doubled_and_stay_apart_from_tuning_seeds() -> None:
    assert more_seeds([3, 0], [1, 2]) == [3, 0, 4, 5, 6, 7, 8, 9, 10, 11]
    assert more_seeds(range(20)) == list(range(40))
