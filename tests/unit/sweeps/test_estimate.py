"""The estimated time of a study."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.sweeps.estimate import later_runs_left, num_evaluations, num_refinements, study_seconds
from src.sweeps.study import Study
from src.sweeps.sweep_file import write_sweep_file
from tests.unit.sweeps.conftest import make_study, pretend


@pytest.fixture
def wall_clock_study(tmp_path: Path) -> Study:
    """Six tuning and four evaluation runs of ten seconds each."""
    return make_study(tmp_path, "data=digits", "seconds=10", "interval=second")


PER_RUN = 12.0  # 10 s of training, a tenth more for evaluation, one to start


def test_estimate_counts_every_run(wall_clock_study: Study) -> None:
    assert num_evaluations(wall_clock_study) == 4
    assert study_seconds(wall_clock_study) == pytest.approx(10 * PER_RUN)


def test_estimate_leaves_out_finished_runs(wall_clock_study: Study) -> None:
    tuning = wall_clock_study.first_plan
    for job in tuning.jobs[:2]:
        pretend(job)
    assert study_seconds(wall_clock_study) == pytest.approx(8 * PER_RUN)
    for job in tuning.jobs[2:]:
        pretend(job)
    evaluation = wall_clock_study.evaluation(wall_clock_study.choices(tuning))
    write_sweep_file(tuning, evaluation)
    pretend(evaluation.jobs[0])
    assert study_seconds(wall_clock_study) == pytest.approx(3 * PER_RUN)
    assert study_seconds(wall_clock_study, num_workers=8) == pytest.approx(PER_RUN)


def test_estimate_counts_refinements(tmp_path: Path) -> None:
    study = make_study(tmp_path, "data=digits", "seconds=10", "interval=second", refine=True)
    assert num_refinements(study) == 2 * 2 * 1
    assert study_seconds(study) == pytest.approx(14 * PER_RUN)
    for job in study.first_plan.jobs:
        pretend(job)
    refinement = study.refinement(study.choices(study.first_plan))
    write_sweep_file(study.first_plan, refinement)
    pretend(refinement.jobs[0])
    assert study_seconds(study) == pytest.approx(7 * PER_RUN)


def test_finished_runs_on_an_extended_grid_are_not_refinements(tmp_path: Path) -> None:
    study = make_study(tmp_path, refine=True)
    for job in study.first_plan.jobs:
        pretend(job, val_loss=job.config.optimizer["lr"])  # the best rate is at the lower edge
    extended = study.tuning(study.extended(study.first_grids, study.first_plan))
    write_sweep_file(study.first_plan, extended)
    for job in extended.jobs:
        pretend(job, val_loss=job.config.optimizer["lr"])
    assert len(extended.jobs) == 2 * 5
    assert later_runs_left(study) == num_refinements(study) + num_evaluations(study) == 4 + 4


def test_estimate_in_epochs_uses_the_measured_time_of_an_update(tmp_path: Path) -> None:
    assert 10.0 < study_seconds(make_study(tmp_path)) < 600.0  # ten runs, each of which takes a second to start
