"""Which runs a protocol makes: grids, disjoint seeds, what follows from the records."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.config import CONF
from src.errors import UsageError
from src.runs.record import write_record
from src.sweeps.plan import Job, Plan
from src.sweeps.protocol import Grid, Study, load_protocol
from tests.unit.analysis.conftest import record_of
from tests.unit.sweeps.conftest import make_study

NAMES = sorted(path.stem for path in (CONF / "protocol").glob("*.yaml"))


def pretend(job: Job, val_loss: float | None) -> None:
    """A record as the job's run would leave it."""
    status = "diverged" if val_loss is None else "completed"
    write_record(record_of(job.config, val_loss=val_loss, status=status), job.folder)


def lrs(plan: Plan) -> list[float]:
    return sorted({job.config.optimizer["lr"] for job in plan.jobs})


@pytest.mark.parametrize("name", NAMES)
def test_a_protocol_is_complete_and_its_seeds_are_disjoint(name: str) -> None:
    protocol = load_protocol(name, {})
    assert protocol.name == name
    assert not set(protocol.tuning_seeds) & set(protocol.evaluation_seeds)
    assert len(protocol.evaluation_seeds) == {"quick": 5, "standard": 10, "strict": 20}[name]
    known = {path.stem for path in (CONF / "scheduler").glob("*.yaml")}
    assert set(protocol.schedulers) <= known


def test_a_grid_has_half_decades_around_its_middle() -> None:
    assert Grid(0.05, -2, 2).lrs == [0.005, 0.016, 0.05, 0.16, 0.5]
    assert Grid(1.0, -1, 1).extended({-1}).lrs == [0.032, 0.1, 0.32, 1.0, 3.2]
    assert Grid(1.0, -1, 1).extended({0, 1}).lrs == [0.32, 1.0, 3.2, 10.0, 32.0]
    assert Grid(1.0, -1, 1).extended({0}) == Grid(1.0, -1, 1)


def test_every_schedule_is_tried_at_the_same_rates_and_never_tested(tmp_path: Path) -> None:
    plan = make_study(tmp_path).first_plan
    assert len(plan.jobs) == 2 * 3 * 1
    assert all(not job.config.read_test and job.config.seed == 7 for job in plan.jobs)
    tried = {(job.config.scheduler["name"], job.config.optimizer["lr"]) for job in plan.jobs}
    assert tried == {(name, lr) for name in ("constant", "step") for lr in (0.032, 0.1, 0.32)}
    assert all(line.count("optimizer.lr=") <= 1 for job in plan.jobs for line in [str(job.folder)])


def test_an_edge_extends_the_grid_of_all_schedules(tmp_path: Path) -> None:
    made = make_study(tmp_path)
    for job in made.first_plan.jobs:
        lr, is_step = job.config.optimizer["lr"], job.config.scheduler["name"] == "step"
        pretend(job, 1 / lr if is_step else abs(lr - 0.1))
    wider = made.extended(made.first_grids, made.choices(made.first_plan))
    assert wider == {2: Grid(0.1, -1, 3)}
    assert lrs(made.tuning(wider)) == [0.032, 0.1, 0.32, 1.0, 3.2]
    assert len(made.tuning(wider).unfinished()) == 4  # two schedules at two more rates


def test_the_evaluation_is_of_the_best_rate_under_fresh_seeds(tmp_path: Path) -> None:
    made = make_study(tmp_path)
    for job in made.first_plan.jobs:
        lr, is_step = job.config.optimizer["lr"], job.config.scheduler["name"] == "step"
        pretend(job, None if is_step and lr > 0.1 else abs(lr - (0.1 if is_step else 0.32)))
    plan = made.evaluation(made.choices(made.first_plan))
    found = {(job.config.scheduler["name"], job.config.optimizer["lr"], job.config.seed) for job in plan.jobs}
    assert found == {("step", 0.1, 0), ("step", 0.1, 1), ("constant", 0.32, 0), ("constant", 0.32, 1)}
    assert all(job.config.read_test for job in plan.jobs)


def test_what_no_rate_can_train_is_not_evaluated(tmp_path: Path) -> None:
    made = make_study(tmp_path)
    for job in made.first_plan.jobs:
        pretend(job, None if job.config.scheduler["name"] == "step" else 1.0)
    plan = made.evaluation(made.choices(made.first_plan))
    assert {job.config.scheduler["name"] for job in plan.jobs} == {"constant"}


def test_every_budget_is_tuned_and_run_by_itself(tmp_path: Path) -> None:
    few = {"schedulers": ["constant", "step"], "tuning_seeds": [7], "evaluation_seeds": [0, 1], "budgets": [1, 3]}
    overrides = ["data=digits", "model=softmax", "optimizer.lr=0.1", f"hydra.sweep.dir={tmp_path}"]
    made = Study(load_protocol("quick", few), overrides)
    plan = made.first_plan
    assert {job.config.epochs for job in plan.jobs} == {1, 3}
    for job in plan.jobs:
        pretend(job, abs(job.config.optimizer["lr"] - 0.1 * job.config.epochs))
    evaluation = made.evaluation(made.choices(plan))
    chosen = {(job.config.epochs, job.config.optimizer["lr"]) for job in evaluation.jobs}
    assert chosen == {(1, 0.1), (3, 0.32)}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"evaluation_seeds": [7, 8]}, "share [7]"),
        ({"num_lrs": 4}, "num_lrs=4: must be an odd number from 3"),
        ({"schedulers": []}, "schedulers=[]"),
        ({"schedulers": ["step", "step"]}, "without repetition"),
        ({"reference": "cosine"}, "reference=cosine: is none of"),
        ({"budgets": [0]}, "budgets=[0]"),
        ({"budgets": [1, 1]}, "without repetition"),
        ({"budgets": [1, 3]}, "leave epochs out, or give budgets=[2]"),
        ({"max_extensions": -1}, "max_extensions=-1"),
        ({"tuning_seeds": ["a"]}, "tuning_seeds"),
        ({"tuning_seeds": [-1]}, "seeds [-1]: must be whole numbers from 0"),
    ],
)
def test_a_protocol_that_contradicts_itself_is_refused(changes: dict[str, object], says: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refusal:
        make_study(tmp_path, **changes)
    assert says in str(refusal.value)


def test_an_unknown_protocol_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="protocol=loose: choose one of quick, standard, strict"):
        load_protocol("loose", {})


@pytest.mark.parametrize("lr", ["auto", "0"])
def test_a_middle_that_is_none_is_refused(lr: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"optimizer.lr={lr}"):
        Study(load_protocol("quick", {}), ["data=digits", f"optimizer.lr={lr}", f"hydra.sweep.dir={tmp_path}"])


def test_records_of_another_model_in_the_folder_choose_nothing(tmp_path: Path) -> None:
    made, overrides = (
        make_study(tmp_path),
        ["data=digits", "model=mlp", "optimizer.lr=0.1", f"hydra.sweep.dir={tmp_path}"],
    )
    other = Study(made.protocol, overrides)
    for job in made.first_plan.jobs:
        pretend(job, abs(job.config.optimizer["lr"] - 0.1))
    for job in other.first_plan.jobs:
        pretend(job, abs(job.config.optimizer["lr"] - 0.032))
    assert set(made.choices(made.first_plan)["lr"]) == {0.1}
    assert set(other.choices(other.first_plan)["lr"]) == {0.032}


def test_numbers_of_epochs_are_no_budgets_of_a_wall_clock_run(tmp_path: Path) -> None:
    overrides = ["data=digits", "seconds=5", "interval=second", f"hydra.sweep.dir={tmp_path}"]
    with pytest.raises(UsageError, match="give budgets="):
        Study(load_protocol("quick", {"budgets": [1, 3]}), overrides)


def test_a_folder_named_by_the_number_of_the_job_is_refused(tmp_path: Path) -> None:
    made = Study(load_protocol("quick", {}), ["data=digits", "hydra.sweep.subdir=${hydra.job.num}"])
    with pytest.raises(UsageError, match="a run is found again by its overrides"):
        made.tuning(made.first_grids)
