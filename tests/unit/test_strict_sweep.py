"""The made-up sweep that reports are measured with."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from src.analysis.collect import collect
from src.analysis.report.results import load_results
from src.analysis.tuning import is_tuning
from tests.strict_sweep import FIRST_TUNING_SEED, runs_per_seed, strict, write_sweep

UPDATES_PER_EPOCH = 430


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two schedules, two budgets, four seeds."""
    folder = tmp_path_factory.mktemp("sweep")
    protocol = strict(4, schedulers=["constant", "cosine"], budgets=[1, 3])
    assert write_sweep(protocol, folder) == 4 * runs_per_seed(protocol) == 192
    return folder


def test_twenty_seeds_make_9680_runs() -> None:
    protocol = strict(20)
    assert (len(protocol.schedulers), protocol.budgets) == (11, [1, 3, 10, 30])
    assert 20 * runs_per_seed(protocol) == 9_680


def test_every_planned_run_has_a_record_that_is_read(sweep: Path) -> None:
    results = load_results([sweep])
    assert (len(results.runs), results.num_missing, list(results.problems)) == (192, 0, [])
    assert set(results.runs["status"]) == {"completed", "diverged"}


def test_tuning_seeds_choose_the_rates_of_their_evaluation_seeds(sweep: Path) -> None:
    runs = collect([sweep]).runs
    runs["replicate"] = runs["seed"] % FIRST_TUNING_SEED
    groups = ["scheduler", "epochs", "replicate"]
    tuning, evaluation = runs[is_tuning(runs)], runs[~is_tuning(runs)]
    chosen = tuning.loc[tuning.groupby(groups)["val_loss"].idxmin()].set_index(groups)["lr"]
    pd.testing.assert_series_equal(evaluation.set_index(groups)["lr"].sort_index(), chosen.sort_index())
    assert evaluation.groupby(["scheduler", "epochs"])["lr"].nunique().max() > 1


def test_histories_and_steps_have_the_length_of_the_run(sweep: Path) -> None:
    runs = collect([sweep]).runs
    for run in runs[runs["status"] == "completed"].head(20).itertuples():
        exact = {"val_loss": float}  # the parser of older versions of pandas is wrong in the last digit
        history = pd.read_csv(Path(run.folder) / "history.csv", converters=exact)
        steps = pd.read_csv(Path(run.folder) / "steps.csv")
        assert (len(history), len(steps)) == (run.epochs, run.steps) == (run.epochs, run.epochs * UPDATES_PER_EPOCH)
        assert history["val_loss"].iloc[-1] == run.val_loss
        assert steps["lr"].max() == pytest.approx(run.lr)
