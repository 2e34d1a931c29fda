"""A protocol as a command: it tunes, evaluates and compares, also after kills."""

from __future__ import annotations

import json
import re
import signal
import time
from pathlib import Path

import pandas as pd
import pytest

from src.commands import sweep as sweep_script
from tests.conftest import ROOT, SMALL, Command, start
from tests.integration.in_process import run_in_process

SWEEP = str(ROOT / "scripts" / "sweep.py")
# A worker that sees the file `kill` dies as if the kernel had run out of memory, once.
KILLED = """
import os
import signal
from pathlib import Path
from src.callbacks import Callback

class Killed(Callback):
    def on_epoch_end(self, trainer, result):
        try:
            Path("kill").unlink()
        except FileNotFoundError:
            return
        os.kill(os.getpid(), signal.SIGKILL)
"""
TINY = [
    "protocol=quick", *(line for line in SMALL if not line.startswith("epochs=")), "epochs=1", "name=mine",
    "schedulers=[constant,step]", "num_lrs=3", "max_extensions=0", "refine=true",
    "tuning_seeds=[7]", "evaluation_seeds=[0,1]", "+callbacks.mine._target_=killed.Killed",
]  # fmt: skip


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Every table of the sweep in `folder`, as strings, without columns of times and of the number of workers."""
    paths = (folder / "outputs" / "sweeps" / "mine").glob("*.csv")
    tables = {path.name: pd.read_csv(path, dtype=str, keep_default_na=False) for path in paths}
    return {
        name: table.loc[:, ~table.columns.str.contains("seconds_|_seconds|_at$|num_workers")]
        for name, table in tables.items()
    }


def assert_same_tables(folder: Path, other: Path) -> None:
    tables, expected = read_tables(folder), read_tables(other)
    assert tables.keys() == expected.keys() >= {"runs.csv", "comparison.csv"}
    for name, table in tables.items():
        pd.testing.assert_frame_equal(table, expected[name], obj=name)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sweep, run one job after another in this process."""
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "killed.py").write_text(KILLED)
    done = run_in_process(sweep_script.main, [*TINY, "hydra/launcher=basic"], folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Refinement of the best rates: 4 of 4 runs to do" in done.stdout
    assert "Evaluation: 4 of 4 runs to do" in done.stdout
    assert re.search(r"\[1\] constant lr=[\d.]+ seed=7: validation accuracy", done.stdout)
    return folder


def test_protocol_ends_in_tested_comparison(undisturbed: Path) -> None:
    sweep = undisturbed / "outputs" / "sweeps" / "mine"
    runs, comparison = (pd.read_csv(sweep / f"{name}.csv") for name in ("runs", "comparison"))
    tuning, evaluation = runs[~runs["read_test"]], runs[runs["read_test"]]
    assert (len(tuning), len(evaluation)) == (2 * (3 + 2) * 1, 2 * 2)
    assert tuning["test_accuracy"].isna().all()  # only evaluation reads the test set
    assert evaluation["test_accuracy"].notna().all()
    assert set(comparison["seeds"]) == {"0 1"}
    assert comparison.set_index("scheduler").loc["step", "verdict"] == "identical"  # it would drop after the last epoch
    medians = tuning.groupby(["scheduler", "lr"])[["val_accuracy", "val_loss"]].median().reset_index()
    ordered = medians.sort_values(["val_accuracy", "val_loss"], ascending=[False, True])
    best = ordered.drop_duplicates("scheduler").set_index("scheduler")["lr"]
    assert comparison.set_index("scheduler")["lr"].to_dict() == best.to_dict()
    assert json.loads((sweep / "sweep.json").read_text())["protocol"]["tuning_seeds"] == [7]
    assert (sweep / "report.html").exists()


@pytest.mark.faults  # the campaign kills protocols; a sweep is killed in the default suite
def test_killed_protocol_ends_in_same_tables_on_another_launcher_that_loses_a_worker(
    undisturbed: Path, command: Command, tmp_path: Path
) -> None:
    (tmp_path / "killed.py").write_text(KILLED)
    process = start([SWEEP, *TINY, "hydra/launcher=basic"], tmp_path)
    deadline = time.monotonic() + 90
    while len(list(tmp_path.glob("outputs/sweeps/mine/runs/**/result.json"))) < 5:
        assert process.poll() is None, "the sweep ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)

    (tmp_path / "kill").touch()
    done = command(SWEEP, *TINY, "hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "kill").exists()
    assert "The launcher failed" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert_same_tables(tmp_path, undisturbed)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["protocol=loose"], "protocol=loose: choose one of all_schedules, quick, standard, strict"),
        (["protocol=quick", "seeds=[0]"], "give tuning_seeds=[...] or evaluation_seeds=[...]"),
        (["protocol=quick", "seed=3"], "seed=3: does not go with protocol="),
        (["protocol=quick", "optimizer.lr=0.1,0.2"], "optimizer.lr=0.1,0.2: does not go with protocol="),
        (["protocol=quick", "evaluation_seeds=[1000]"], "share [1000]"),
        (["protocol=quick", "hydra.launcher.n_jobs=x"], "n_jobs=x: must be an integer"),
        (["protocol=quick", "schedulers=[constant,nope]", "data=digits"], "scheduler=nope: choose one of"),
    ],
)
def test_bad_input_is_refused_in_one_line(arguments: list[str], message: str, tmp_path: Path) -> None:
    refused = run_in_process(sweep_script.main, ["--dry-run", *arguments], tmp_path)
    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 1
    assert message in refused.stderr
    assert not (tmp_path / "outputs").exists()
