"""Multiruns and sweeps as commands: they end in tables, also after failed runs, signals and kills."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from src import train
from src.commands import report
from src.commands import sweep as sweep_script
from src.config import CONF
from tests.conftest import ROOT, SMALL, start
from tests.integration.in_process import run_in_process

SWEEP = str(ROOT / "scripts" / "sweep.py")
SHORT = [*(line for line in SMALL if not line.startswith("epochs=")), "epochs=1"]


def run_sweep(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return run_in_process(sweep_script.main, arguments, folder)


def only_sweep(folder: Path) -> Path:
    (path,) = (folder / "outputs" / "sweeps").iterdir()
    return path


def comparison(sweep: Path) -> pd.DataFrame:
    return pd.read_csv(sweep / "comparison.csv").set_index("scheduler")


TABLES = ("runs.csv", "comparison.csv", "comparison.md")


def read_tables(sweep: Path) -> dict[str, bytes]:
    return {name: (sweep / name).read_bytes() for name in TABLES}


def test_multirun_ends_in_comparison_that_follows_from_records_alone(tmp_path: Path) -> None:
    arguments = ["-m", *SHORT, "scheduler=constant,step,cosine", "seed=0,1"]
    done = run_in_process(train.main, arguments, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    sweep = only_sweep(tmp_path)
    assert {path.name for path in sweep.iterdir()} >= {*TABLES, "runs", "figures", "sweep.json"}
    assert len(pd.read_csv(sweep / "runs.csv")) == 6
    assert set(comparison(sweep).index) == {"constant", "step", "cosine"}
    assert (comparison(sweep)["n"] == 2).all()
    assert len(json.loads((sweep / "sweep.json").read_text())["jobs"]) == 6
    tables, printed = read_tables(sweep), done.stdout.split("digits · softmax")[1]
    assert all(word in printed for word in ("constant", "step", "cosine", "±"))

    again = run_in_process(train.main, arguments, tmp_path)
    assert again.returncode == 0
    assert only_sweep(tmp_path) == sweep
    log, printed_again = again.stdout.split("digits · softmax")
    assert "0 of 6 runs to do" in log
    assert "test accuracy 9" not in log  # no run was trained
    assert printed_again == printed

    for path in (*(sweep / name for name in TABLES), *sweep.glob("runs/**/events.*")):
        path.unlink()
    rebuilt = run_in_process(report.main, [str(sweep.relative_to(tmp_path))], tmp_path)
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert read_tables(sweep) == tables
    elsewhere = run_in_process(report.main, [str(sweep), "out=elsewhere"], tmp_path)
    assert elsewhere.returncode == 0
    assert (tmp_path / "elsewhere" / "figures" / "lr_curves.png").exists()


@pytest.mark.parametrize("folder", ["no/such/folder", "empty"])
def test_report_without_records_is_refused(folder: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused = run_in_process(report.main, [folder], tmp_path)
    assert refused.returncode == 2
    assert folder in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


FAILING = """
from src.callbacks import Callback

class Failing(Callback):
    def on_epoch_end(self, trainer, result):
        if trainer.config.seed == 1:
            raise MemoryError("the model is too large")
"""


def test_failed_jobs_cost_only_their_rows_and_are_retried(tmp_path: Path) -> None:
    module = tmp_path / "failing.py"
    module.write_text(FAILING)
    arguments = ["-m", *SHORT, "scheduler=step,cosine", "seed=0,1,2", "+callbacks.mine._target_=failing.Failing"]
    done = run_in_process(train.main, arguments, tmp_path)
    assert done.returncode == 1
    table = comparison(only_sweep(tmp_path))
    assert (table["n"] == 2).all()
    assert (table["failed"] == 1).all()
    assert "the model is too large" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr

    module.write_text(FAILING.replace("seed == 1", "seed == 99"))
    retried = run_in_process(train.main, arguments, tmp_path)
    assert retried.returncode == 0, retried.stdout + retried.stderr
    assert "2 of 6 runs to do" in retried.stdout
    assert (comparison(only_sweep(tmp_path))["n"] == 3).all()


# Files control the runs: `fail` makes the one with seed 1 raise; `slow` makes a run crawl once it has a checkpoint, and
# say so in a file of its own.
CONTROLLED = """
import time
from pathlib import Path
from src.callbacks import Callback

class Controlled(Callback):
    def on_step(self, trainer):
        if Path("slow").exists() and trainer.progress.epoch > 0:
            Path(f"{trainer.config.seed}.slow").touch()
            time.sleep(0.2)

    def on_epoch_end(self, trainer, result):
        if Path("fail").exists() and trainer.config.seed == 1:
            raise MemoryError("the model is too large")
"""
THREE_RUNS = [
    *SMALL, "epochs=10", "schedulers=[step]", "seeds=[1,0,2]", "name=mine",
    "+callbacks.mine._target_=controlled.Controlled",
]  # fmt: skip
TWO_WORKERS = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]  # whatever the number of cores
NUMBERS = ["n", "test_accuracy_mean", "test_loss_mean", "val_loss_mean", "test_accuracy_sd"]


def start_slow_sweep(folder: Path) -> subprocess.Popen[str]:
    """Starts the sweep, or resumes it, and waits until both workers have a run in progress with a checkpoint."""
    (folder / "slow").touch()
    for path in folder.glob("*.slow"):
        path.unlink()
    process = start([SWEEP, *THREE_RUNS, *TWO_WORKERS], folder)
    deadline = time.monotonic() + 90
    while len(list(folder.glob("*.slow"))) < 2:
        assert process.poll() is None, "the sweep ended before it could be stopped"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return process


def read_steps(sweep: Path, status: str) -> dict[str, int]:
    """The updates of the runs with that status, by folder name (`seed=0`)."""
    records = {path.parent.name: json.loads(path.read_text()) for path in sweep.glob("runs/**/result.json")}
    return {name: record["steps"] for name, record in records.items() if record["status"] == status}


@pytest.mark.faults  # in the campaign, which kills sweeps at other moments too
def test_failed_interrupted_and_killed_sweep_ends_in_numbers_of_undisturbed_one(tmp_path: Path) -> None:
    undisturbed = tmp_path / "undisturbed"
    undisturbed.mkdir()
    for folder in (tmp_path, undisturbed):
        (folder / "controlled.py").write_text(CONTROLLED)
    done = run_sweep([*THREE_RUNS, "hydra/launcher=basic"], undisturbed)
    assert done.returncode == 0, done.stdout + done.stderr
    sweep = tmp_path / "outputs" / "sweeps" / "mine"

    (tmp_path / "fail").touch()
    process = start_slow_sweep(tmp_path)
    os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, out + err
    assert "the model is too large" in out
    assert "Traceback" not in out + err
    assert "Interrupted; run the same command to resume" in out
    assert read_steps(sweep, "failed").keys() == {"seed=1"}  # it took no other run with it
    interrupted = read_steps(sweep, "interrupted")
    assert interrupted.keys() == {"seed=0", "seed=2"}

    (tmp_path / "fail").unlink()
    process = start_slow_sweep(tmp_path)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=120)  # returns once the last worker has closed its end of the pipe
    killed = read_steps(sweep, "interrupted")
    assert killed.keys() == {"seed=0", "seed=1", "seed=2"}
    assert killed["seed=0"] > interrupted["seed=0"]  # resumed, then stopped at a new checkpoint
    assert len(list(sweep.glob("runs/**/checkpoint.pt"))) == 3

    (tmp_path / "slow").unlink()
    done = run_sweep([*THREE_RUNS, "hydra/launcher=basic"], tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 of 3 runs to do" in done.stdout
    expected = comparison(undisturbed / "outputs" / "sweeps" / "mine")
    assert comparison(sweep)[NUMBERS].equals(expected[NUMBERS])
    planned = run_sweep([*THREE_RUNS, "--dry-run"], tmp_path)
    assert "3 jobs in outputs/sweeps/mine, 0 to run" in planned.stdout


def processes(group: int) -> list[str]:
    """The command lines of the living processes of a process group."""
    lines = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, _, pgrp = (path / "stat").read_text().rpartition(") ")[2].split()[:3]
            if int(pgrp) == group and state != "Z":
                lines.append((path / "cmdline").read_text().replace("\0", " "))
    return lines


@pytest.mark.faults
def test_sweep_whose_output_nobody_reads_stops_and_compares_what_is_finished(tmp_path: Path) -> None:
    runs = ["schedulers=[constant,step]", "seeds=[0,1,2,3,4,5]", "name=unread", *TWO_WORKERS]
    process = start([SWEEP, *SHORT, *runs], tmp_path)
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stderr as errors:
        with process.stdout as output:  # closed after a line, as by `head -1`
            assert "12 of 12 runs to do" in output.readline()
        assert process.wait(timeout=120) == 130
        assert errors.read() == ""
    sweep = tmp_path / "outputs" / "sweeps" / "unread"
    num_runs = len(list(sweep.glob("runs/**/result.json")))
    assert 0 < num_runs < 12
    assert len(pd.read_csv(sweep / "runs.csv")) == num_runs
    assert (sweep / "report.html").is_file()


def wait_for_a_worker(process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not any("LokyProcess" in line for line in processes(process.pid)):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)


def wait_for_the_last_process(group: int) -> None:
    """Workers and joblib's trackers end on their own, a moment after the main process."""
    deadline = time.monotonic() + 20
    while processes(group):
        assert time.monotonic() < deadline, processes(group)
        time.sleep(0.1)


@pytest.mark.parametrize("seconds", [0.0, pytest.param(1.0, marks=pytest.mark.faults)])
def test_no_worker_outlives_a_main_process_that_is_killed_while_workers_start(seconds: float, tmp_path: Path) -> None:
    (tmp_path / "controlled.py").write_text(CONTROLLED)
    process = start([SWEEP, *THREE_RUNS, "epochs=100000", *TWO_WORKERS], tmp_path)
    wait_for_a_worker(process)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    wait_for_the_last_process(process.pid)
    process.communicate()


@pytest.mark.parametrize(
    "seconds", [pytest.param(0.0, marks=pytest.mark.faults), 0.3, pytest.param(1.0, marks=pytest.mark.faults)]
)
def test_ctrl_c_while_workers_check_the_plan_leaves_nothing(seconds: float, tmp_path: Path) -> None:
    process = start([SWEEP, *SHORT, "schedulers=[step,cosine]", "seeds=[0]", "name=mine", *TWO_WORKERS], tmp_path)
    wait_for_a_worker(process)
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "interrupted\n")
    wait_for_the_last_process(process.pid)
    assert not (tmp_path / "outputs").exists()


def test_sweep_imports_nothing_heavy_before_its_workers_start() -> None:
    probe = "import sys, src.sweeps.command; print({'torch', 'pandas', 'scipy', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_run_with_changed_config_file_is_refused(tmp_path: Path) -> None:
    optimizer = tmp_path / "conf" / "optimizer" / "mine.yaml"
    optimizer.parent.mkdir(parents=True)
    shutil.copy(CONF / "optimizer" / "sgd.yaml", optimizer)
    arguments = [*SHORT, "schedulers=[step]", "seeds=[0]", "name=mine", "hydra/launcher=basic", "optimizer=mine"]
    arguments.append(f"hydra.searchpath=[file://{tmp_path / 'conf'}]")
    done = run_sweep(arguments, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    optimizer.write_text(optimizer.read_text().replace("momentum: 0.9", "momentum: 0.5"))
    refused = run_sweep(arguments, tmp_path)
    assert refused.returncode == 2
    assert "holds another run" in refused.stderr


def test_dry_run_prints_plan_and_runs_nothing(tmp_path: Path) -> None:
    done = run_sweep(["--dry-run", "data=digits", "schedulers=[step,cosine]", "seeds=[0,1,2]"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "6 jobs" in done.stdout
    assert "scheduler=cosine seed=2" in done.stdout
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["schedulers=[nope]"], "scheduler=nope: choose one of"),
        (["seeds=[]"], "seeds=[0,1,2]"),
        (["experiment=nope"], "experiment=nope: choose one of benchmark"),
        (["epochs=0"], "epochs=0"),
        (["hydra/launcher=nope"], "hydra/launcher=nope: choose one of"),
        (["hydra.launcher.n_jobs=0"], "hydra.launcher.n_jobs=0: must be a positive number of workers"),
    ],
)
def test_bad_input_is_refused_in_one_line(arguments: list[str], message: str, tmp_path: Path) -> None:
    refused = run_sweep(["data=digits", *arguments], tmp_path)
    assert refused.returncode == 2
    assert message in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert not (tmp_path / "outputs").exists()
