"""`python -m src.train`: what a user sees, what a run leaves on disk, and how a run stops and resumes."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import rich
import torch

from tests.conftest import SMALL, Command, environment, start
from tests.integration.conftest import TrainInProcess, call_main, forget_modules

TRAIN = ("-m", "src.train")
RUNS = Path("outputs", "runs", "digits", "softmax", "sgd")


def only_run(folder: Path) -> Path:
    (path,) = folder.glob("outputs/**/result.json")
    return path.parent


def read_record(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "result.json").read_text())
    return content


def read_files(folder: Path) -> dict[Path, bytes]:
    """Every file of a run except its log, to which every command may append."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != "train.log"}


def test_run_prints_one_line_per_epoch_then_test_accuracy_and_folder(command: Command, tmp_path: Path) -> None:
    done = command(*TRAIN, *SMALL, "scheduler=cosine", "epochs=3")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["epoch", "lr", "train", "loss", "train", "acc", "val", "loss", "val", "acc", "seconds"]
    assert [line.split()[0] for line in lines[1:4]] == ["1/3", "2/3", "3/3"]
    assert re.fullmatch(r"test accuracy \d+\.\d\d%, test loss \d\.\d{4}, \d+\.\d s of training", lines[4])
    folder = only_run(tmp_path)
    assert lines[5] == f"Results in {folder}"
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    assert {path.name for path in folder.iterdir()} >= {
        "result.json", "history.csv", "steps.csv", "checkpoint.pt", "train.log", ".hydra",
    }  # fmt: skip
    assert len(list(folder.glob("events.out.tfevents.*"))) == 1
    assert "scheduler=cosine" in (folder / ".hydra" / "overrides.yaml").read_text()


def test_terminal_shows_progress_bar_below_epoch_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    screen, terminal = pty.openpty()
    chunks: list[bytes] = []
    reader = threading.Thread(target=_read_all, args=(screen, chunks))
    reader.start()
    with open(terminal, "w") as stdout, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stdout)
        rich.reconfigure()  # rich looks at the terminal once per process
        status = call_main(*SMALL, "epochs=3")
    reader.join(timeout=60)
    os.close(screen)
    rich.reconfigure()
    assert status == 0
    raw = b"".join(chunks).decode()
    hidden = raw.partition("\x1b[?25l")[2].partition("\x1b[?25h")[0]
    assert "1/3" not in hidden  # a killed process leaves a visible cursor
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", raw)
    assert "60 updates" in text
    assert all(f"{epoch}/3" in text for epoch in (1, 2, 3))
    assert "test accuracy" in text.splitlines()[-2]


def _read_all(screen: int, chunks: list[bytes]) -> None:
    with contextlib.suppress(OSError):  # how a pseudo-terminal reports that its other end is closed
        while True:
            chunks.append(os.read(screen, 4096))


def test_overridden_keys_are_in_the_path(train_in_process: TrainInProcess, tmp_path: Path) -> None:
    train_in_process(*SMALL, "scheduler=step", "seed=3", "warmup=0.1")
    folder = only_run(tmp_path).relative_to(tmp_path / RUNS / "step")
    assert folder.name == "seed=3"
    assert set(folder.parts[0].split(",")) == {"batch_size=64", "epochs=2", "optimizer.lr=0.02", "warmup=0.1"}


def test_same_command_skips_finished_run(train_in_process: TrainInProcess, tmp_path: Path) -> None:
    train_in_process(*SMALL)
    before = read_files(only_run(tmp_path))
    done = train_in_process(*SMALL)
    assert done.returncode == 0
    assert "already finished, skipping" in done.stdout
    assert "test accuracy" in done.stdout
    assert read_files(only_run(tmp_path)) == before


def test_another_run_in_the_same_folder_is_refused_and_changes_nothing(
    train_in_process: TrainInProcess, tmp_path: Path
) -> None:
    train_in_process(*SMALL, "hydra.run.dir=here")
    before = read_files(tmp_path / "here")
    done = train_in_process(*SMALL, "seed=1", "hydra.run.dir=here")
    assert done.returncode == 2
    assert "holds another run" in done.stderr
    assert "Traceback" not in done.stderr
    assert read_files(tmp_path / "here") == before


# --- stop and resume: real processes and real signals ---

HOLD = """
import time
from pathlib import Path
from src.callbacks import Callback

class Hold(Callback):
    def on_step(self, trainer):
        while trainer.progress.step == 70 and not Path("go").exists():  # in the last of four epochs
            time.sleep(0.005)
"""
HELD_RUN = (*SMALL, "model=lenet", "scheduler=one_cycle", "epochs=4", "+callbacks.hold._target_=hold.Hold")


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the run that the stopped ones must equal."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    (folder / "hold.py").write_text(HOLD)
    (folder / "go").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.syspath_prepend(folder)
        assert call_main(*HELD_RUN, "hydra.run.dir=run") == 0
    forget_modules(folder)
    return folder / "run"


def stop_after_two_epochs(folder: Path, number: signal.Signals) -> tuple[subprocess.Popen[str], str]:
    """Starts the run, sends the signal at some update after its second epoch, and returns its stderr too."""
    (folder / "hold.py").write_text(HOLD)
    process = start([*TRAIN, *HELD_RUN, "hydra.run.dir=run"], folder)
    history = folder / "run" / "history.csv"
    deadline = time.monotonic() + 60
    while not (history.exists() and len(history.read_text().splitlines()) >= 3):
        assert process.poll() is None, "the run ended before it could be stopped"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(number)
    (folder / "go").touch()
    _, err = process.communicate(timeout=60)
    return process, err


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_same_command_resumes_stopped_run_bit_for_bit(
    number: signal.Signals, train_in_process: TrainInProcess, tmp_path: Path, uninterrupted: Path
) -> None:
    run = tmp_path / "run"
    process, err = stop_after_two_epochs(tmp_path, number)
    if number == signal.SIGKILL:
        assert process.returncode == -number
        assert not (run / "result.json").exists()
    else:
        assert process.returncode == 130, err
        assert read_record(run)["status"] == "interrupted"
        assert "Traceback" not in err
    resumed = train_in_process(*HELD_RUN, "hydra.run.dir=run")
    assert resumed.returncode == 0, resumed.stderr
    assert "Resumed after epoch" in resumed.stdout
    states = [torch.load(folder / "checkpoint.pt", weights_only=True) for folder in (run, uninterrupted)]
    weights, expected = (state["trainer"]["model"] for state in states)
    assert all(torch.equal(weights[name], expected[name]) for name in expected)
    assert (run / "steps.csv").read_bytes() == (uninterrupted / "steps.csv").read_bytes()
    assert history_without_seconds(run) == history_without_seconds(uninterrupted)
    assert read_record(run)["test_loss"] == read_record(uninterrupted)["test_loss"]


def history_without_seconds(run: Path) -> list[str]:
    return [line.rpartition(",")[0] for line in (run / "history.csv").read_text().splitlines()]


def test_diverged_run_exits_with_success_and_a_record(train_in_process: TrainInProcess, tmp_path: Path) -> None:
    done = train_in_process(*SMALL, "model=mlp", "optimizer.lr=1e6")
    assert done.returncode == 0
    assert "diverged" in done.stdout
    record = read_record(only_run(tmp_path))
    assert (record["status"], record["test_accuracy"], record["train_loss"]) == ("diverged", None, None)


CALLBACK = """
from pathlib import Path
from src.callbacks import Callback

class Counting(Callback):
    def __init__(self, path):
        self.path, self.steps = Path(path), 0
    def on_step(self, trainer):
        self.steps += 1
    def on_run_end(self, trainer, outcome):
        self.path.write_text(f"{self.steps} {outcome.status}")

class Failing(Callback):
    def on_epoch_end(self, trainer, result):
        if trainer.config.seed == 1:
            raise MemoryError("the model is too large")
"""


def test_user_callback_is_called(train_in_process: TrainInProcess, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(CALLBACK)
    done = train_in_process(*SMALL, "+callbacks.mine._target_=mine.Counting", "+callbacks.mine.path=counted.txt")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "counted.txt").read_text() == "40 completed"


def test_exception_prints_one_line_and_is_recorded_with_traceback(
    train_in_process: TrainInProcess, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(CALLBACK)
    done = train_in_process(*SMALL, "seed=1", "+callbacks.mine._target_=mine.Failing")
    assert done.returncode == 1
    assert "failed: MemoryError: the model is too large" in done.stdout
    assert f"Its traceback is the `error` in {only_run(tmp_path)}" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "Traceback" in read_record(only_run(tmp_path))["error"]


def test_unavailable_mnist_falls_back_to_digits_with_a_warning_and_a_record(
    train_in_process: TrainInProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    small = [line for line in SMALL if not line.startswith("data=")]
    done = train_in_process(*small, "scheduler=cosine")
    assert done.returncode == 0, done.stderr
    assert "!!! mnist is unavailable, falling back to digits" in done.stderr
    record = read_record(only_run(tmp_path))
    assert (record["dataset"], record["dataset_requested"]) == ("digits", "mnist")
    assert record["config"]["scheduler.T_max"] == record["steps"] == 40
    refused = train_in_process(*small, "data.fallback=null")
    assert refused.returncode == 2
    assert "data.mirror=DIR" in refused.stderr
    assert "data=digits" in refused.stderr
    assert "Traceback" not in refused.stderr


# One example of each kind of bad input; the unit tests cover the rest.
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["epochz=3"], ["epochz"]),
        (["scheduler=cosin"], ["scheduler=cosin: choose one of adaptive, constant"]),
        (["epochs=three"], ["epochs", "three"]),
        (["optimizer.momentum=high"], ["optimizer.momentum='high'", "a number"]),
        (["batch_size=60000"], ["batch_size=60000", "1257"]),
        (["scheduler=plateau", "scheduler.monitor=null"], ["scheduler.monitor=None", "val_loss"]),
        (["trainer.precision=fp16", "trainer.device=cpu"], ["fp16 needs a GPU"]),
        (["scheduler=null"], ["scheduler=null: choose one of adaptive, constant"]),
        (["-m", "model=mlp,null"], ["model=mlp,null: choose one of cnn, lenet"]),
        (["model.name=../../x"], ["model.name=../../x: must consist of letters, digits"]),
        (["-m", "seed=0,1", "name=../x"], ["name=../x: must consist of letters, digits"]),
        (["scheduler=step", "scheduler.step_size=0"], ["scheduler.step_size=0: must be at least 1"]),
        (["seed=0,1"], ["seed=0,1 has several values; add -m"]),
        (["-m", "optimizer.momentum=0.9,-1"], ["momentum"]),
        (["-m", "scheduler=step,cosin"], ["scheduler=cosin: choose one of adaptive, constant"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_bad_input_is_refused_in_one_line(
    arguments: list[str], words: list[str], train_in_process: TrainInProcess, tmp_path: Path
) -> None:
    done = train_in_process("data=digits", *arguments)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    for word in words:
        assert word in done.stderr
    assert "Traceback" not in done.stdout
    assert not list(tmp_path.glob("outputs/**/result.json"))
    assert not list(tmp_path.glob("outputs/**/history.csv"))


def test_help_does_not_import_torch(command: Command) -> None:
    probe = (
        "import sys, runpy; sys.argv = ['src.train', '--help']\n"
        "try: runpy.run_module('src.train', run_name='__main__', alter_sys=True)\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'numpy', 'joblib', 'pandas', 'matplotlib', 'sklearn', 'tensorboard', 'urllib.request'}\n"
        "print('heavy:', sorted(heavy & set(sys.modules)))"
    )
    done = command("-c", probe)
    assert "scheduler: adaptive, constant, cosine" in done.stdout
    assert "heavy: []" in done.stdout


def test_resolved_config_shows_numbers(train_in_process: TrainInProcess) -> None:
    done = train_in_process("scheduler=step", "epochs=25", "--cfg", "job", "--resolve")
    assert done.returncode == 0, done.stderr
    assert "step_size: 9" in done.stdout


@pytest.mark.mnist
def test_mnist_is_read_from_the_mirror(
    train_in_process: TrainInProcess, tmp_path: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_MIRROR", str(mirror))
    done = train_in_process("model=mlp", "scheduler=one_cycle", "epochs=1")
    assert done.returncode == 0, done.stderr
    record = read_record(only_run(tmp_path))
    assert (record["dataset"], record["steps"]) == ("mnist", 430)
    assert record["test_accuracy"] > 0.95


@pytest.mark.mnist
def test_two_processes_share_an_empty_data_folder(tmp_path: Path, mirror: Path) -> None:
    arguments = [*TRAIN, "model=softmax", "epochs=1", "batch_size=1000"]
    processes = [start([*arguments, f"seed={seed}"], tmp_path, MNIST_MIRROR=str(mirror)) for seed in (0, 1)]
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, out + err
    assert len(list((tmp_path / "data" / "MNIST" / "raw").iterdir())) == 4


@pytest.mark.mnist
def test_truncated_archive_is_named(
    train_in_process: TrainInProcess, tmp_path: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_MIRROR", str(mirror))
    archive = tmp_path / "data" / "MNIST" / "raw" / "train-images-idx3-ubyte.gz"
    archive.parent.mkdir(parents=True)
    archive.write_bytes((mirror / archive.name).read_bytes()[:-1000])
    done = train_in_process("model=softmax")
    assert done.returncode == 2
    assert (
        "data/MNIST/raw/train-images-idx3-ubyte.gz is not the file that data=mnist names and was not used"
        in done.stderr
    )
    assert not list(tmp_path.glob("outputs/**/result.json"))


@pytest.mark.parametrize(("blocks", "status"), [(1, 2), pytest.param(8, 1, marks=pytest.mark.faults)])
def test_full_disk_ends_a_run_in_one_line_and_the_next_one_finishes_it(
    blocks: int, status: int, tmp_path: Path, train_in_process: TrainInProcess
) -> None:
    shell = f"ulimit -f {blocks}; exec {sys.executable} {' '.join([*TRAIN, *SMALL, 'hydra.run.dir=run'])}"
    done = subprocess.run(
        ["bash", "-c", shell], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == status, done.stdout + done.stderr
    assert "File too large" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert len(done.stderr.splitlines()) <= 1
    again = train_in_process(*SMALL, "hydra.run.dir=run")
    assert again.returncode == 0, again.stdout + again.stderr
    assert read_record(tmp_path / "run")["status"] == "completed"


def test_run_folder_below_a_file_is_refused_in_one_line(command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused = command(*TRAIN, *SMALL, "hydra.run.dir=file/run")
    assert refused.returncode == 2
    assert refused.stderr.splitlines() == [refused.stderr.strip()]
    assert "file/run cannot be written: Not a directory; make room or choose another folder" in refused.stderr
