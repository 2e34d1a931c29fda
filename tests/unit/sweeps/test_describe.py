"""What is printed about a sweep before it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.analysis.report.results import load_results
from src.runs.record import write_record
from src.sweeps.describe import print_plan, print_study, study_notes
from src.sweeps.plan import make_plan
from src.sweeps.sweep_file import write_sweep_file
from tests.conftest import SMALL
from tests.unit.analysis.conftest import record_of
from tests.unit.sweeps.conftest import make_study, plain_plan, pretend


def test_plan_lists_status_and_own_overrides_of_each_job(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = make_plan([*SMALL, f"hydra.sweep.dir={tmp_path}", "scheduler=step", "seed=0,1,2"])
    for job, status in zip(plan.jobs, ("completed", "failed"), strict=False):
        write_record(record_of(job.config, status=status), job.folder)
    print_plan(plan)
    out = capsys.readouterr().out
    assert f"3 jobs in {tmp_path}, 2 to run" in out
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.splitlines() if line.startswith("│")]
    assert rows == [["1", "completed", "seed=0"], ["2", "failed", "seed=1"], ["3", "new", "seed=2"]]
    assert "all with batch_size=64 data=digits" in out


def test_single_job_is_counted_in_the_singular(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_plan(make_plan([*SMALL, f"hydra.sweep.dir={tmp_path}"]))
    assert f"1 job in {tmp_path}, 1 to run" in capsys.readouterr().out
    (note,) = study_notes(make_study(tmp_path, evaluation_seeds=[0]))
    assert note.startswith("1 evaluation seed cannot show any difference")


def test_study_shows_runs_seeds_and_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_study(make_study(tmp_path))
    out = capsys.readouterr().out
    assert f"protocol=quick in {tmp_path}, 6 tuning runs to do" in out
    assert "schedulers  constant, step (reference: constant)" in out
    assert "epochs      2" in out
    assert "tune        6 runs: lr 0.032, 0.1, 0.32; seeds 7" in out
    assert "evaluate    4 runs: best lr of each schedule; seeds 0 to 1" in out
    assert "note        showing equivalence within ± 0.5 points takes about " in out
    assert "time        about " in out
    assert " on 1 worker here, more if a grid is extended" in out


def test_single_runs_are_counted_in_the_singular(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_study(make_study(tmp_path, schedulers=["constant"], evaluation_seeds=[0]))
    assert "evaluate    1 run: best lr of each schedule; seeds 0" in capsys.readouterr().out


def test_study_shows_refinement_and_tuning_per_seed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seeds = {"tuning_seeds": [7, 8, 9], "evaluation_seeds": [0, 2, 4]}
    print_study(make_study(tmp_path, refine=True, tune_per_seed=True, **seeds))
    out = capsys.readouterr().out
    assert "tune        18 runs: lr 0.032, 0.1, 0.32; seeds 7 to 9" in out
    assert "refine      12 runs: a quarter decade below and above each best lr; same seeds" in out
    assert "evaluate    6 runs: best lr of each schedule and seed; seeds 0, 2, 4" in out


def test_study_without_data_shows_that_time_is_not_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_study(make_study(tmp_path, f"data.root={tmp_path}"))
    assert "time        not measured: " in capsys.readouterr().out


def test_too_few_seeds_are_noted(tmp_path: Path) -> None:
    study = make_study(tmp_path)
    (note,) = study_notes(study)
    assert note == "2 evaluation seeds cannot show any difference, however large: that takes 6"
    study.protocol.evaluation_seeds = [0, 1, 2, 3, 4, 5]
    assert list(study_notes(study)) == []


def test_another_sweep_in_the_folder_is_noted(tmp_path: Path) -> None:
    study, other = (make_study(tmp_path, evaluation_seeds=[*range(10, 16)], tuning_seeds=[seed]) for seed in (7, 8))
    write_sweep_file(study.first_plan)
    assert list(study_notes(study)) == []
    (note,) = study_notes(other)
    assert note == f"{tmp_path} holds another sweep: its runs are kept, its tables are replaced"


@pytest.mark.parametrize(
    ("overrides", "reference", "names"),
    [
        (["scheduler=step,cosine", "seed=0,1"], None, "step, cosine"),
        (["scheduler=step,constant", "optimizer.lr=0.1,0.2"], None, "step lr=0.1, "),
        (["scheduler=step,cosine"], "cosine", None),
        (["scheduler=step,constant"], None, None),
        (["scheduler=step", "seed=0,1"], None, None),
        (["scheduler=step,cosine", "optimizer.lr=auto"], None, "step, cosine"),
    ],
)
def test_dry_run_notes_that_nothing_will_be_tested(
    overrides: list[str],
    reference: str | None,
    names: str | None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_plan(plain_plan(tmp_path, *overrides, dry_run=True), reference)
    note = (
        "note: no difference will be tested, because there is no unique reference; give reference=NAME; choose from: "
    )
    out = capsys.readouterr().out
    assert (f"{note}{names}" in out) if names else "note:" not in out


def test_runs_of_an_earlier_command_are_part_of_the_tables(tmp_path: Path) -> None:
    for schedules in ("step,cosine", "linear"):
        plan = plain_plan(tmp_path, f"scheduler={schedules}", "seed=0")
        write_sweep_file(plan)
        for job in plan.jobs:
            pretend(job)
    assert set(load_results([tmp_path]).evaluation["scheduler"]) == {"step", "cosine", "linear"}
