"""What the user should know before a sweep starts."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from src.errors import UsageError
from src.sweeps.launch import run_plan
from src.sweeps.notes import check_no_protocol, plan_notes
from src.sweeps.sweep_file import write_sweep_file
from tests.unit.sweeps.conftest import make_study, plain_plan


@pytest.fixture(scope="module")
def step_and_cosine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a sweep of which nothing was run yet."""
    folder = tmp_path_factory.mktemp("sweep")
    write_sweep_file(plain_plan(folder, "scheduler=step,cosine", "seed=0"))
    return folder


@pytest.mark.parametrize(
    ("overrides", "others"),
    [
        (("scheduler=step,cosine", "seed=0,1"), None),
        (("scheduler=step,cosine,linear", "seed=0"), None),
        (("scheduler=cosine", "seed=0"), None),
        (("scheduler=linear", "seed=0"), "2 other runs"),
        (("scheduler=step,linear", "seed=0"), "1 other run"),
        (("scheduler=step,cosine", "seed=1"), "2 other runs"),
    ],
)
def test_other_runs_in_the_folder_of_a_plain_sweep_are_noted(
    overrides: tuple[str, ...], others: str | None, step_and_cosine: Path
) -> None:
    note = f"{step_and_cosine} holds {others} of an earlier command, which the tables include"
    assert list(plan_notes(plain_plan(step_and_cosine, *overrides))) == ([note] if others else [])


def test_plain_sweep_in_the_folder_of_a_protocol_is_refused(tmp_path: Path) -> None:
    study, plan = make_study(tmp_path), plain_plan(tmp_path, "scheduler=linear", "seed=0")
    check_no_protocol(plan)
    write_sweep_file(study.first_plan, protocol=asdict(study.protocol))
    for refuse in (check_no_protocol, run_plan):  # `python -m src.train -m` runs its plan directly
        with pytest.raises(UsageError, match=r"holds a sweep with protocol=\w+, and its tuning runs .* name=NAME"):
            refuse(plan)


def test_runs_whose_rates_are_not_known_yet_are_not_taken_for_others(tmp_path: Path) -> None:
    write_sweep_file(plain_plan(tmp_path, "scheduler=step", "optimizer.lr=0.1", "seed=0"))
    assert list(plan_notes(plain_plan(tmp_path, "optimizer.lr=auto", "seed=0,1", dry_run=True))) == []
