"""The runs of a protocol: grids, seeds, and what follows from the records."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.errors import UsageError
from src.runs.record import write_record
from src.sweeps.plan import Plan
from src.sweeps.protocol import load_protocol
from src.sweeps.study import Grid, Study
from tests.unit.analysis.conftest import record_of
from tests.unit.sweeps.conftest import make_study, pretend


def lrs(plan: Plan) -> list[float]:
    return sorted({job.config.optimizer["lr"] for job in plan.jobs})


def test_grid_has_half_decades_around_its_center() -> None:
    assert Grid(0.05, -2, 2).lrs == [0.005, 0.016, 0.05, 0.16, 0.5]
    assert Grid(1.0, -1, 1).extended({-1}).lrs == [0.032, 0.1, 0.32, 1.0, 3.2]
    assert Grid(1.0, -1, 1).extended({0, 1}).lrs == [0.32, 1.0, 3.2, 10.0, 32.0]
    assert Grid(1.0, -1, 1).extended({0}) == Grid(1.0, -1, 1)


def test_tuning_tries_every_schedule_at_the_same_rates_without_the_test_set(tmp_path: Path) -> None:
    plan = make_study(tmp_path).first_plan
    assert len(plan.jobs) == 2 * 3 * 1
    assert all(not job.config.read_test and job.config.seed == 7 for job in plan.jobs)
    trials = {(job.config.scheduler["name"], job.config.optimizer["lr"]) for job in plan.jobs}
    assert trials == {(name, lr) for name in ("constant", "step") for lr in (0.032, 0.1, 0.32)}
    assert all(str(job.folder).count("optimizer.lr=") <= 1 for job in plan.jobs)


def test_best_rate_at_an_edge_extends_the_grid_of_all_schedules(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    for job in study.first_plan.jobs:
        lr, is_step = job.config.optimizer["lr"], job.config.scheduler["name"] == "step"
        pretend(job, 1 / lr if is_step else abs(lr - 0.1))
    extended = study.extended(study.first_grids, study.first_plan)
    assert extended == {2: Grid(0.1, -1, 3)}
    tuning = study.tuning(extended)
    assert lrs(tuning) == [0.032, 0.1, 0.32, 1.0, 3.2]
    assert len(tuning.unfinished()) == 4  # two schedules at two more rates


def test_runs_with_averaging_are_tuned_by_their_average(tmp_path: Path) -> None:
    study = make_study(tmp_path, "data=digits", "epochs=2", "averaging=ema")
    for job in study.first_plan.jobs:
        lr = job.config.optimizer["lr"]
        record = record_of(job.config, accuracy=1 - lr, averaged_val_accuracy=lr, averaged_val_loss=1 - lr)
        write_record(record, job.folder)
    assert set(study.choices(study.first_plan)["lr"]) == {0.32}


def test_refinement_tries_a_quarter_decade_on_both_sides_of_each_best_rate(tmp_path: Path) -> None:
    study = make_study(tmp_path, refine=True, tuning_seeds=[7, 8])
    for job in study.first_plan.jobs:
        best = 0.1 if job.config.scheduler["name"] == "step" else 0.32
        pretend(job, 1 + abs(job.config.optimizer["lr"] - best))
    refinement = study.refinement(study.choices(study.first_plan))
    trials = {(job.config.scheduler["name"], job.config.optimizer["lr"], job.config.seed) for job in refinement.jobs}
    assert trials == {
        (name, lr, seed)
        for name, lrs in (("step", (0.056, 0.18)), ("constant", (0.18, 0.57)))
        for lr in lrs
        for seed in (7, 8)
    }
    assert not any(job.config.read_test for job in refinement.jobs)
    for job in refinement.jobs:
        pretend(job, 0.5 if job.config.optimizer["lr"] == 0.18 else 2.0)
    assert study.choices(study.first_plan, refinement)["lr"].tolist() == [0.18, 0.18]
    assert sorted(study.choices(study.first_plan)["lr"]) == [0.1, 0.32]  # the next plan does not move


def test_refinement_leaves_out_schedules_that_no_rate_trains(tmp_path: Path) -> None:
    study = make_study(tmp_path, refine=True)
    for job in study.first_plan.jobs:
        pretend(job, None if job.config.scheduler["name"] == "step" else 1.0)
    jobs = study.refinement(study.choices(study.first_plan)).jobs
    assert {job.config.scheduler["name"] for job in jobs} == {"constant"}


def test_every_evaluation_seed_has_the_rate_that_its_own_tuning_seed_chose(tmp_path: Path) -> None:
    study = make_study(tmp_path, tune_per_seed=True, tuning_seeds=[7, 8], refine=True)
    best = {7: 0.032, 8: 0.1}
    for job in study.first_plan.jobs:
        pretend(job, abs(job.config.optimizer["lr"] - best[job.config.seed]))
    choices = study.choices(study.first_plan)
    refined = {(job.config.optimizer["lr"], job.config.seed) for job in study.refinement(choices).jobs}
    assert refined == {(0.018, 7), (0.057, 7), (0.056, 8), (0.18, 8)}
    runs = {(job.config.optimizer["lr"], job.config.seed) for job in study.evaluation(choices).jobs}
    assert runs == {(0.032, 0), (0.1, 1)}


def test_grid_of_a_study_tuned_per_seed_follows_all_its_tuning_seeds(tmp_path: Path) -> None:
    study = make_study(tmp_path, tune_per_seed=True, tuning_seeds=[7, 8, 9], evaluation_seeds=[0, 1, 2])
    for job in study.first_plan.jobs:
        pretend(job, abs(job.config.optimizer["lr"] - (0.032 if job.config.seed == 7 else 0.1)))
    assert study.extended(study.first_grids, study.first_plan) == study.first_grids


def test_evaluation_runs_the_best_rate_under_fresh_seeds(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    for job in study.first_plan.jobs:
        lr, is_step = job.config.optimizer["lr"], job.config.scheduler["name"] == "step"
        pretend(job, None if is_step and lr > 0.1 else abs(lr - (0.1 if is_step else 0.32)))
    plan = study.evaluation(study.choices(study.first_plan))
    runs = {(job.config.scheduler["name"], job.config.optimizer["lr"], job.config.seed) for job in plan.jobs}
    assert runs == {("step", 0.1, 0), ("step", 0.1, 1), ("constant", 0.32, 0), ("constant", 0.32, 1)}
    assert all(job.config.read_test for job in plan.jobs)


def test_schedule_that_no_rate_can_train_is_not_evaluated(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    for job in study.first_plan.jobs:
        pretend(job, None if job.config.scheduler["name"] == "step" else 1.0)
    plan = study.evaluation(study.choices(study.first_plan))
    assert {job.config.scheduler["name"] for job in plan.jobs} == {"constant"}


def test_every_budget_is_tuned_and_evaluated_separately(tmp_path: Path) -> None:
    study = make_study(tmp_path, "data=digits", budgets=[1, 3])
    plan = study.first_plan
    assert {job.config.epochs for job in plan.jobs} == {1, 3}
    for job in plan.jobs:
        pretend(job, abs(job.config.optimizer["lr"] - 0.1 * job.config.epochs))
    evaluation = study.evaluation(study.choices(plan))
    best = {(job.config.epochs, job.config.optimizer["lr"]) for job in evaluation.jobs}
    assert best == {(1, 0.1), (3, 0.32)}


def test_records_of_another_model_in_the_folder_are_ignored(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    other = Study(study.protocol, ["data=digits", "model=mlp", "optimizer.lr=0.1", f"hydra.sweep.dir={tmp_path}"])
    for job in study.first_plan.jobs:
        pretend(job, abs(job.config.optimizer["lr"] - 0.1))
    for job in other.first_plan.jobs:
        pretend(job, abs(job.config.optimizer["lr"] - 0.032))
    assert set(study.choices(study.first_plan)["lr"]) == {0.1}
    assert set(other.choices(other.first_plan)["lr"]) == {0.032}


@pytest.mark.parametrize("lr", ["auto", "0"])
def test_center_that_is_not_a_positive_number_is_refused(lr: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"optimizer.lr={lr}"):
        Study(load_protocol("quick", {}), ["data=digits", f"optimizer.lr={lr}", f"hydra.sweep.dir={tmp_path}"])


def test_epochs_beside_budgets_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"leave epochs out, or give budgets=\[2\]"):
        make_study(tmp_path, budgets=[1, 3])


def test_budgets_of_a_wall_clock_run_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="give budgets="):
        make_study(tmp_path, "data=digits", "seconds=5", "interval=second", budgets=[1, 3])


def test_folder_named_after_the_job_number_is_refused() -> None:
    study = Study(load_protocol("quick", {}), ["data=digits", "hydra.sweep.subdir=${hydra.job.num}"])
    with pytest.raises(UsageError, match="job numbers change"):
        study.tuning(study.first_grids)
