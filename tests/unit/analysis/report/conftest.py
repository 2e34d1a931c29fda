"""A comparison of four schedules with three seeds, a single run with a longer budget, and answers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from src.analysis.collect import collect
from src.analysis.comparison import comparison, equivalence_margin
from src.analysis.final_weights import with_final_weights
from src.analysis.pairwise import pairwise
from src.analysis.report.answer import Answer, answer
from src.analysis.report.tables import split_by_workload
from src.analysis.tuning import evaluation_runs, untrainable_schedules
from src.analysis.workloads import select_workload
from tests.unit.analysis.conftest import MakeRun


@pytest.fixture
def table(make_run: MakeRun, tmp_path: Path) -> pd.DataFrame:
    for seed, (constant, cosine) in enumerate([(0.90, 0.95), (0.92, 0.96), (0.97, 0.97)]):
        make_run("scheduler=constant", f"seed={seed}", accuracy=constant)
        make_run("scheduler=cosine", f"seed={seed}", accuracy=cosine)
        make_run("scheduler=one_cycle", f"seed={seed}", accuracy=0.99, status="completed" if seed else "diverged")
        make_run("scheduler=cyclic", f"seed={seed}", accuracy=None, status="diverged")
    make_run("scheduler=step", "epochs=3", accuracy=0.99, averaged=0.995)
    return comparison(with_final_weights(collect([tmp_path / "sweep"]).runs))


@pytest.fixture
def four_schedules(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["epochs"] == 2].reset_index(drop=True)


@pytest.fixture
def single_run(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["epochs"] == 3].reset_index(drop=True)


def answers(folder: Path, reference: str = "constant") -> list[Answer]:
    """The answers of all workloads below `folder`."""
    runs = collect([folder / "sweep"]).runs
    evaluation = runs if evaluation_runs(runs).empty else evaluation_runs(runs)
    pairs = pairwise(evaluation)
    margins = {name: equivalence_margin(rows) for name, rows in runs.groupby("dataset")}
    return [
        answer(title, rows, select_workload(pairs, rows), margins[rows["dataset"].iloc[0]])
        for title, rows in split_by_workload(comparison(evaluation, reference, untrainable_schedules(runs)))
    ]


def lines(folder: Path, reference: str = "constant") -> list[str]:
    """Their sentences."""
    return [line for summary in answers(folder, reference) for line in summary.lines]
