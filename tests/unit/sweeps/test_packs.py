"""Which runs of a sweep are trained in lockstep, and that a sweep killed at any moment gives the same numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from src.analysis.report import build
from src.layout import SWEEP
from src.runs.record import read_record
from src.sweeps import launch, workers
from src.sweeps.packs import lockstep_note, packs_by_first, units, why_single, with_packs
from src.sweeps.plan import Plan, make_plan
from src.sweeps.sweep_file import write_sweep_file
from src.training.checkpoint import Checkpoint
from src.training.metrics import EpochResult
from src.training.trainer import Trainer
from tests.conftest import SMALL, make_config
from tests.unit.sweeps.conftest import make_study, pretend

QUIET = ("hydra/job_logging=none", "hydra/hydra_logging=none")


@pytest.fixture(autouse=True)
def _no_report(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(build, "build_report", lambda sources, out: None)
    yield
    workers._stopping.clear()


def plan_of(folder: Path, *overrides: str) -> Plan:
    return make_plan([*SMALL, *overrides, f"hydra.sweep.dir={folder}", *QUIET])


def packs(folder: Path, *overrides: str) -> list[list[str]]:
    """The packs of a sweep, each run as `schedule-seed`."""
    plan = with_packs(plan_of(folder, *overrides))
    return [[f"{job.config.scheduler['name']}-{job.config.seed}" for job in pack] for pack in plan.packs]


def test_runs_of_a_seed_share_a_pack(tmp_path: Path) -> None:
    assert packs(tmp_path, "scheduler=step,cosine,linear", "seed=0,1", "lockstep=8") == [
        ["step-0", "cosine-0", "linear-0"],
        ["step-1", "cosine-1", "linear-1"],
    ]


def test_packs_have_at_most_the_given_size_and_are_balanced(tmp_path: Path) -> None:
    found = packs(tmp_path, "scheduler=step,cosine,linear,rex,sqrt", "lockstep=4")
    assert [len(pack) for pack in found] == [2, 3]


@pytest.mark.parametrize(
    "varied", ["batch_size=32,64", "epochs=1,2", "model=softmax,mlp", "trainer.clip_grad_norm=1,2", "seed=0,1"]
)
def test_runs_with_other_batches_models_or_lengths_do_not(varied: str, tmp_path: Path) -> None:
    assert packs(tmp_path, varied, "lockstep=8") == []


@pytest.mark.parametrize(
    "varied",
    ["optimizer.lr=0.1,0.2", "optimizer=sgd,adamw", "averaging=none,ema", "warmup=0,0.1", "scheduler=step,rex"],
)
def test_runs_with_other_rates_optimizers_or_averages_do(varied: str, tmp_path: Path) -> None:
    assert [len(pack) for pack in packs(tmp_path, varied, "lockstep=8")] == [2]


def test_lockstep_is_off_by_default(tmp_path: Path) -> None:
    plan = with_packs(plan_of(tmp_path, "scheduler=step,cosine"))
    assert plan.packs == ()
    assert lockstep_note(plan) is None


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        (("lockstep=auto",), None),
        (("lockstep=1",), "lockstep=1"),
        (("lockstep=8", "model=vit"), "model=vit"),
        (("lockstep=8", "model=resnet"), None),
        (("lockstep=auto", "model=resnet"), "model=resnet would be slower"),
        (("lockstep=8", "seconds=5", "interval=second"), "a schedule that depends on time"),
        (("lockstep=8", "trainer.precision=fp16", "trainer.device=cuda"), "trainer.precision=fp16"),
        (("lockstep=8", "optimizer._target_=mine.Optimizer"), "optimizer=Optimizer"),
        (("lockstep=8", "optimizer=lion"), None),
        (("lockstep=8", "optimizer._target_=pytorch_optimizer.SPAM"), "optimizer=SPAM"),
        (("lockstep=8", "+callbacks.mine._target_=mine.Callback"), "callbacks"),
    ],
)
def test_what_cannot_be_packed(overrides: tuple[str, ...], reason: str | None) -> None:
    assert why_single(make_config(*overrides)) == reason


def test_note_says_what_is_trained_one_by_one_and_why(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "scheduler=step,cosine", "model=softmax,vit", "lockstep=4")
    assert lockstep_note(with_packs(plan)) == "lockstep=4: 2 runs in 1 pack of 2, 2 runs one by one (model=vit)"
    single = plan_of(tmp_path, "seed=0,1", "lockstep=4")
    assert lockstep_note(with_packs(single)) == "lockstep=4: 2 runs one by one (no other run with its data and seed)"
    odd = plan_of(tmp_path, "scheduler=step,cosine,linear", "lockstep=2")
    assert lockstep_note(with_packs(odd)) == (
        "lockstep=2: 2 runs in 1 pack of 2, 1 run one by one (left over by packs of 2)"
    )
    workers = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=8")
    busy = plan_of(tmp_path, "scheduler=step,cosine,linear", "seed=0,1", "lockstep=auto", *workers)
    assert lockstep_note(with_packs(busy)) == "lockstep=auto: 6 runs one by one (to keep all workers busy)"


def test_auto_keeps_all_workers_busy(tmp_path: Path) -> None:
    schedules = "scheduler=constant,step,exponential,cosine,plateau,one_cycle,cyclic"
    two_workers = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    found = packs(tmp_path, schedules, "seed=0,1,2", "lockstep=auto", *two_workers)
    assert [len(pack) for pack in found] == [4, 3] * 3  # three packs of 7 would leave a worker idle for a third
    assert [len(pack) for pack in packs(tmp_path, schedules, "seed=0,1,2", "lockstep=auto")] == [7] * 3


def test_started_packs_are_kept_and_added_runs_get_packs_of_their_own(tmp_path: Path) -> None:
    started = ("seed=0", "lockstep=2")
    write_sweep_file(with_packs(plan_of(tmp_path, "scheduler=step,cosine,linear,rex", *started)))
    assert packs(tmp_path, "scheduler=step,sqrt,cosine,linear,rex,tanh", *started) == [
        ["step-0", "cosine-0"], ["linear-0", "rex-0"], ["sqrt-0", "tanh-0"],
    ]  # fmt: skip
    assert packs(tmp_path, "scheduler=step,cosine,linear,rex", "seed=0", "lockstep=4") == [
        ["step-0", "cosine-0"], ["linear-0", "rex-0"],
    ]  # fmt: skip
    assert packs(tmp_path, "scheduler=step,cosine,linear,rex", "seed=0", "lockstep=1") == []


def test_packs_of_a_study_survive_its_phases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def complete(plan: Plan, jobs: list[Any]) -> None:
        for job in jobs:
            lr, is_step = job.config.optimizer["lr"], job.config.scheduler["name"] == "step"
            pretend(job, val_loss=abs(lr - (1.0 if is_step else 0.1)))

    monkeypatch.setattr(launch, "_launch", complete)
    study = make_study(tmp_path, "data=digits", "epochs=2", "lockstep=3")
    assert launch.run_study(study) == 0
    first = json.loads((tmp_path / SWEEP).read_text())["packs"]
    folders = [folder for pack in first for folder in pack]
    assert len(folders) == len(set(folders)) == 14  # tuning 6, extension 4, evaluation 4
    assert launch.run_study(make_study(tmp_path, "data=digits", "epochs=2", "lockstep=2")) == 0
    assert sorted(map(sorted, json.loads((tmp_path / SWEEP).read_text())["packs"])) == sorted(map(sorted, first))


def test_a_launcher_is_given_one_job_per_pack(tmp_path: Path) -> None:
    plan = with_packs(plan_of(tmp_path, "scheduler=step,cosine,linear", "seed=0,1", "lockstep=2"))
    groups = units(plan, plan.jobs[1:])
    assert sum(map(len, groups)) == 5
    members = packs_by_first(plan, [group[0] for group in groups])
    assert all(len(overrides) == 2 for overrides in members.values())  # also those that are done
    assert len(groups) == 4


class Killed(BaseException):
    """What nothing catches."""


def kill(at: tuple[str, int], patch: pytest.MonkeyPatch) -> None:
    """Ends the process, as far as this test can, at an epoch of the run of one schedule, before its checkpoint."""
    save = Checkpoint.on_epoch_end

    def save_or_die(checkpoint: Checkpoint, trainer: Trainer, result: EpochResult) -> None:
        if (trainer.config.scheduler["name"], result.epoch) == at:
            raise Killed
        save(checkpoint, trainer, result)

    patch.setattr(Checkpoint, "on_epoch_end", save_or_die)


FAULT = pytest.mark.faults


@pytest.mark.parametrize(
    "at", [("cosine", 2), pytest.param(("constant", 1), marks=FAULT), pytest.param(("cosine", 3), marks=FAULT)]
)
def test_killed_sweep_resumes_bit_for_bit(at: tuple[str, int], tmp_path: Path) -> None:
    overrides = (
        "scheduler=constant,step,cosine", "seed=0,1", "epochs=3", "lockstep=auto", "model=mlp", "model.hidden=[16]",
        "model.dropout=0.2",
    )  # fmt: skip
    assert launch.run_plan(plan_of(tmp_path / "whole", *overrides)) == 0
    with pytest.MonkeyPatch.context() as patch:
        kill(at, patch)
        with pytest.raises(Killed):
            launch.run_plan(plan_of(tmp_path / "killed", *overrides))
    assert launch.run_plan(plan_of(tmp_path / "killed", *overrides)) == 0
    assert numbers(tmp_path / "killed") == numbers(tmp_path / "whole")
    assert {
        record.provenance["lockstep"] for record in map(read_record, (tmp_path / "killed").rglob("result.json"))
    } == {3}


def test_pack_is_found_however_its_folder_is_written(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "scheduler=step,cosine", "lockstep=2", "hydra.sweep.subdir=./runs//${scheduler.name}/")
    assert launch.run_plan(plan) == 0
    assert [read_record(job.folder / "result.json").provenance["lockstep"] for job in plan.jobs] == [2, 2]


def numbers(folder: Path) -> dict[str, Any]:
    """The results and the updates of all runs."""
    found: dict[str, Any] = {}
    for path in folder.rglob("result.json"):
        record = read_record(path)
        metrics = (record.status, record.test_loss, record.val_loss, record.train_loss, record.test_accuracy)
        found[str(path.parent.relative_to(folder))] = (metrics, (path.parent / "steps.csv").read_text())
    return found
