"""Multiruns and sweeps as a user starts them, ending in tables, also where runs fail, are killed or come back."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import ROOT, SMALL, Command, start
from tests.integration.test_train import CALLBACK, TRAIN

SWEEP = str(ROOT / "scripts" / "sweep.py")
REPORT = str(ROOT / "scripts" / "report.py")
LITTLE = [each for each in SMALL if each != "epochs=2"] + ["epochs=1"]


def the_sweep(folder: Path) -> Path:
    (path,) = (folder / "outputs" / "sweeps").iterdir()
    return path


def table(sweep: Path) -> pd.DataFrame:
    return pd.read_csv(sweep / "comparison.csv").set_index("scheduler")


def test_a_multirun_ends_in_the_comparison(command: Command, tmp_path: Path) -> None:
    arguments = [*TRAIN, "-m", *LITTLE, "scheduler=constant,step,cosine", "seed=0,1"]
    done = command(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    sweep = the_sweep(tmp_path)
    assert {path.name for path in sweep.iterdir()} >= {
        "runs", "runs.csv", "comparison.csv", "comparison.md", "figures", "sweep.json",
    }  # fmt: skip
    assert len(pd.read_csv(sweep / "runs.csv")) == 6
    assert set(table(sweep).index) == {"constant", "step", "cosine"}
    assert (table(sweep)["n"] == 2).all()
    for word in ("constant", "step", "cosine", "±"):
        assert word in done.stdout.split("digits · softmax")[1]
    assert len(json.loads((sweep / "sweep.json").read_text())["jobs"]) == 6
    again = command(*arguments)
    assert again.returncode == 0
    assert "test accuracy 9" not in again.stdout.split("digits · softmax")[0]  # nothing was trained
    assert again.stdout.split("digits · softmax")[1] == done.stdout.split("digits · softmax")[1]
    assert the_sweep(tmp_path) == sweep


def test_a_failed_job_costs_its_own_row(command: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(CALLBACK)
    done = command(
        *TRAIN, "-m", *LITTLE, "scheduler=step,cosine", "seed=0,1,2", "+callbacks.mine._target_=mine.Failing",
        "hydra/launcher=joblib",  # which kills its other workers where one raises
        PYTHONPATH=f"{ROOT}:{tmp_path}",
    )  # fmt: skip
    assert done.returncode == 1
    found = table(the_sweep(tmp_path))
    assert (found["n"] == 2).all()
    assert (found["failed"] == 1).all()
    assert "the model is too large" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def started_sweep(arguments: list[str], folder: Path) -> tuple[subprocess.Popen[str], Path]:
    """A sweep of which two runs have a checkpoint and are still being made."""
    process = start(arguments, folder)
    sweep = folder / "outputs" / "sweeps" / "mine"
    deadline = time.monotonic() + 90
    while len(list(sweep.glob("runs/**/checkpoint.pt"))) < 2:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return process, sweep


LONG = [SWEEP, *SMALL, "model=lenet", "epochs=3", "schedulers=[step]", "seeds=[0,1,2]", "name=mine"]
COLUMNS = ["n", "test_accuracy_mean", "test_loss_mean", "val_loss_mean", "test_accuracy_sd"]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    folder = tmp_path_factory.mktemp("undisturbed")
    start(LONG, folder).communicate(timeout=120)
    return table(folder / "outputs" / "sweeps" / "mine")[COLUMNS]


def test_a_killed_sweep_is_finished_by_the_same_command(
    command: Command, tmp_path: Path, undisturbed: pd.DataFrame
) -> None:
    process, sweep = started_sweep(LONG, tmp_path)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)  # which ends when the last worker has closed its end
    done = command(*LONG)
    assert done.returncode == 0, done.stdout + done.stderr
    assert table(sweep)[COLUMNS].equals(undisturbed)
    planned = command(*LONG, "--dry-run")
    assert "3 jobs in outputs/sweeps/mine, 0 to run" in planned.stdout


def test_an_interrupted_sweep_leaves_every_run_in_hand_a_checkpoint(
    command: Command, tmp_path: Path, undisturbed: pd.DataFrame
) -> None:
    process, sweep = started_sweep(LONG, tmp_path)
    os.killpg(process.pid, signal.SIGINT)  # what Ctrl-C does
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    assert "Traceback" not in out + err
    assert "the same command goes on from here" in out
    ends = [json.loads(path.read_text())["status"] for path in sweep.glob("runs/**/result.json")]
    assert len(ends) == 2
    assert "interrupted" in ends
    done = command(*LONG)
    assert done.returncode == 0, done.stdout + done.stderr
    assert table(sweep)[COLUMNS].equals(undisturbed)


def test_a_killed_worker_costs_no_run(tmp_path: Path, undisturbed: pd.DataFrame) -> None:
    process, sweep = started_sweep(LONG, tmp_path)
    children = subprocess.run(["pgrep", "-P", str(process.pid), "-f", "LokyProcess"], capture_output=True, text=True)
    os.kill(int(children.stdout.split()[0]), signal.SIGKILL)  # as the kernel does where memory runs out
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, out + err
    assert "The launcher gave up" in out
    assert "Traceback" not in out + err
    assert table(sweep)[COLUMNS].equals(undisturbed)


def test_a_config_that_changed_is_not_taken_for_the_run_that_is_there(command: Command, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    for name in ("src", "scripts"):
        shutil.copytree(ROOT / name, tmp_path / name)
    arguments = ["scripts/sweep.py", *LITTLE, "schedulers=[step]", "seeds=[0]", "name=mine"]
    assert command(*arguments, PYTHONPATH=str(tmp_path)).returncode == 0
    changed = tmp_path / "conf" / "optimizer" / "sgd.yaml"
    changed.write_text(changed.read_text().replace("momentum: 0.9", "momentum: 0.5"))
    refused = command(*arguments, PYTHONPATH=str(tmp_path))
    assert refused.returncode == 2
    assert "holds another run" in refused.stderr


def test_retried_jobs_are_those_that_failed(command: Command, tmp_path: Path) -> None:
    module = tmp_path / "mine.py"
    module.write_text(CALLBACK)
    arguments = [SWEEP, *LITTLE, "schedulers=[step]", "seeds=[0,1]", "+callbacks.mine._target_=mine.Failing"]
    arguments.append("hydra/launcher=basic")
    path = f"{ROOT}:{tmp_path}"
    assert command(*arguments, PYTHONPATH=path).returncode == 1
    planned = command(*arguments, "--dry-run", PYTHONPATH=path)
    assert "2 jobs" in planned.stdout
    assert "1 to run" in planned.stdout
    module.write_text(CALLBACK.replace("seed == 1", "seed == 99"))
    done = command(*arguments, PYTHONPATH=path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert table(the_sweep(tmp_path))["n"].tolist() == [2]


def test_the_plan_is_printed_and_nothing_is_run(command: Command, tmp_path: Path) -> None:
    done = command(SWEEP, "--dry-run", "data=digits", "schedulers=[step,cosine]", "seeds=[0,1,2]")
    assert done.returncode == 0, done.stderr
    assert "6 jobs" in done.stdout
    assert "scheduler=cosine seed=2" in done.stdout
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["schedulers=[nope]"], "scheduler=nope: choose one of"),
        (["seeds=[]"], "seeds=[0,1,2]"),
        (["experiment=nope"], "benchmark"),
        (["epochs=0"], "epochs=0"),
        (["hydra/launcher=nope"], "hydra/launcher=nope: choose one of"),
    ],
)
def test_bad_input_is_one_clear_message(arguments: list[str], says: str, command: Command, tmp_path: Path) -> None:
    done = command(SWEEP, "data=digits", *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.glob("outputs/**/result.json"))


def test_the_report_is_rebuilt_from_records_alone(command: Command, tmp_path: Path) -> None:
    command(*TRAIN, "-m", *LITTLE, "scheduler=step,cosine", "seed=0")
    sweep = the_sweep(tmp_path)
    kept = {name: (sweep / name).read_bytes() for name in ("runs.csv", "comparison.csv", "comparison.md")}
    for name in kept:
        (sweep / name).unlink()
    for events in sweep.glob("runs/**/events.*"):
        events.unlink()
    done = command(REPORT, str(sweep.relative_to(tmp_path)))
    assert done.returncode == 0, done.stderr
    assert {name: (sweep / name).read_bytes() for name in kept} == kept
    elsewhere = command(REPORT, str(sweep), "out=elsewhere")
    assert elsewhere.returncode == 0
    assert (tmp_path / "elsewhere" / "figures" / "lr_curves.png").exists()
    for arguments in (["no/such/folder"], ["."]):
        (tmp_path / "empty").mkdir(exist_ok=True)
        refused = command(REPORT, *(["empty"] if arguments == ["."] else arguments))
        assert refused.returncode == 2
        assert "Traceback" not in refused.stderr
