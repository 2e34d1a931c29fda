"""What a plan says about showing equivalence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from src.analysis.stats import seeds_for_equivalence
from src.sweeps.equivalence import equivalence_note
from src.sweeps.study import Study
from tests.unit.sweeps.conftest import make_study


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A study that no test runs; planning it takes half a second."""
    return make_study(tmp_path_factory.mktemp("study"))


@pytest.fixture
def study(planned: Study) -> Iterator[Study]:
    """The study, in whose folder a test may write a comparison."""
    yield planned
    comparison_of(planned).unlink(missing_ok=True)


def comparison_of(study: Study) -> Path:
    return study.first_plan.folder / "comparison.csv"


def test_plan_says_how_many_seeds_equivalence_takes(study: Study) -> None:
    few, many = (seeds_for_equivalence(sd, margin=0.5, family=1) for sd in (1, 2))
    assert few < many
    assert equivalence_note(study) == (
        f"showing equivalence within ± 0.5 points takes about {few} evaluation seeds if paired differences vary by 1 "
        f"points (standard deviation), {many} if by 2"
    )


def test_more_comparisons_take_more_seeds(tmp_path: Path) -> None:
    study = make_study(tmp_path, "data=digits", budgets=[2, 3, 4])
    few, many = (seeds_for_equivalence(sd, margin=0.5, family=3) for sd in (1, 2))
    assert f"about {few} evaluation seeds" in equivalence_note(study)
    assert f"{many} if by 2" in equivalence_note(study)


def test_earlier_comparison_in_the_folder_gives_the_deviation(study: Study) -> None:
    pd.DataFrame({"difference_sd": [0.001, 0.003, 0.002, None]}).to_csv(comparison_of(study))
    seeds = seeds_for_equivalence(0.002, margin=0.005, family=1)
    assert equivalence_note(study).endswith(
        f"takes about {seeds} evaluation seeds, as paired differences here vary by 0.2 points"
    )


@pytest.mark.parametrize("content", ["", "difference_sd\n\n", "difference\n0.1\n", "difference_sd\nnone\n", 'a,b\n"'])
def test_comparison_without_deviations_is_ignored(study: Study, content: str) -> None:
    comparison_of(study).write_text(content)
    assert " if by 2" in equivalence_note(study)


def test_nothing_is_said_about_a_single_schedule(tmp_path: Path) -> None:
    assert equivalence_note(make_study(tmp_path, schedulers=["constant"])) == ""
