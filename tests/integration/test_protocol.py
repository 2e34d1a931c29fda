"""A protocol as a user starts it: tune, evaluate, compare; killed in the midst of it; planned only."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import ROOT, SMALL, Command, start

SWEEP = str(ROOT / "scripts" / "sweep.py")
TINY = [
    SWEEP, "protocol=quick", *(each for each in SMALL if each != "epochs=2"), "epochs=1", "name=mine",
    "schedulers=[constant,step]", "num_lrs=3", "max_extensions=0", "tuning_seeds=[7,8]", "evaluation_seeds=[0,1]",
    "hydra/launcher=basic",
]  # fmt: skip


def tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Every table of the sweep in `folder`, as text and without what tells of times."""
    found = {
        path.name: pd.read_csv(path, dtype=str, keep_default_na=False)
        for path in (folder / "outputs" / "sweeps" / "mine").glob("*.csv")
    }
    return {name: table.loc[:, ~table.columns.str.contains("seconds_|_seconds|_at$")] for name, table in found.items()}


def assert_same_tables(folder: Path, other: Path) -> None:
    found, expected = tables(folder), tables(other)
    assert found.keys() == expected.keys() >= {"runs.csv", "comparison.csv"}
    for name, table in found.items():
        pd.testing.assert_frame_equal(table, expected[name], obj=name)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    out, err = start(TINY, folder).communicate(timeout=120)
    assert "Evaluation: 4 runs, 4 of them to be made" in out, out + err
    return folder


def test_it_ends_in_a_tested_comparison(undisturbed: Path) -> None:
    sweep = undisturbed / "outputs" / "sweeps" / "mine"
    runs, comparison = (pd.read_csv(sweep / f"{name}.csv") for name in ("runs", "comparison"))
    tuning, evaluation = runs[~runs["read_test"]], runs[runs["read_test"]]
    assert (len(tuning), len(evaluation)) == (2 * 3 * 2, 2 * 2)
    assert tuning["test_accuracy"].isna().all()  # the test set is read in evaluation only
    assert evaluation["test_accuracy"].notna().all()
    assert set(comparison["seeds"]) == {"0 1"}
    assert comparison.set_index("scheduler").loc["step", "verdict"] == "inconclusive"  # of two seeds
    best = tuning.groupby(["scheduler", "lr"])["val_loss"].median().unstack("scheduler").idxmin()
    assert comparison.set_index("scheduler")["lr"].to_dict() == best.to_dict()
    assert json.loads((sweep / "sweep.json").read_text())["protocol"]["tuning_seeds"] == [7, 8]


def test_a_killed_protocol_ends_in_the_same_tables_on_another_launcher(
    undisturbed: Path, command: Command, tmp_path: Path
) -> None:
    process = start(TINY, tmp_path)
    deadline = time.monotonic() + 90
    while len(list(tmp_path.glob("outputs/sweeps/mine/runs/**/result.json"))) < 5:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    done = command(*TINY, "hydra/launcher=joblib")
    assert done.returncode == 0, done.stdout + done.stderr
    assert_same_tables(tmp_path, undisturbed)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["protocol=loose"], "protocol=loose: choose one of quick, standard, strict"),
        (["protocol=quick", "seeds=[0]"], "give tuning_seeds=[...] or evaluation_seeds=[...]"),
        (["protocol=quick", "seed=3"], "seed=3: does not go with protocol="),
        (["protocol=quick", "optimizer.lr=0.1,0.2"], "optimizer.lr=0.1,0.2: does not go with protocol="),
        (["protocol=quick", "evaluation_seeds=[1000]"], "share [1000]"),
        (["protocol=quick", "hydra.launcher.n_jobs=x"], "n_jobs=x: Value 'x' of type 'str' could not be converted"),
        (["protocol=quick", "schedulers=[constant,nope]", "data=digits"], "scheduler=nope: choose one of"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], says: str, command: Command, tmp_path: Path) -> None:
    done = command(SWEEP, "--dry-run", *arguments)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert says in done.stderr
    assert not (tmp_path / "outputs").exists()
