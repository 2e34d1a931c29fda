"""A comparison of four schedules with three seeds, and a single run with a longer budget."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from src.analysis.collect import collect
from src.analysis.comparison import comparison
from tests.unit.analysis.conftest import MakeRun


@pytest.fixture
def table(make_run: MakeRun, tmp_path: Path) -> pd.DataFrame:
    for seed, (constant, cosine) in enumerate([(0.90, 0.95), (0.92, 0.96), (0.97, 0.97)]):
        make_run("scheduler=constant", f"seed={seed}", accuracy=constant)
        make_run("scheduler=cosine", f"seed={seed}", accuracy=cosine)
        make_run("scheduler=one_cycle", f"seed={seed}", accuracy=0.99, status="completed" if seed else "diverged")
        make_run("scheduler=cyclic", f"seed={seed}", accuracy=None, status="diverged")
    make_run("scheduler=step", "epochs=3", accuracy=0.99, averaged=0.995)
    return comparison(collect([tmp_path / "sweep"]).runs)


@pytest.fixture
def four_schedules(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["epochs"] == 2].reset_index(drop=True)


@pytest.fixture
def single_run(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["epochs"] == 3].reset_index(drop=True)
