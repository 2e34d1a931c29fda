"""`python -m src.train` as a user starts it: a process of its own, in a folder of its own."""

from __future__ import annotations

import json
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.conftest import SMALL, Command, start

TRAIN = ("-m", "src.train")
RUNS = Path("outputs", "runs", "digits", "softmax", "sgd")


def only_run(folder: Path) -> Path:
    (path,) = folder.glob("outputs/**/result.json")
    return path.parent


def record(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "result.json").read_text())
    return content


def test_a_run_prints_an_epoch_a_line_and_ends_with_the_test_and_its_folder(command: Command, tmp_path: Path) -> None:
    done = command(*TRAIN, *SMALL, "scheduler=cosine", "epochs=3")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["epoch", "lr", "train", "loss", "train", "acc", "val", "loss", "val", "acc", "seconds"]
    assert [line.split()[0] for line in lines[1:4]] == ["1/3", "2/3", "3/3"]
    assert re.fullmatch(r"test accuracy \d+\.\d\d %, test loss \d\.\d{4}, \d+\.\d s of training", lines[4])
    folder = only_run(tmp_path)
    assert lines[5] == f"Results in {folder}"
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    assert {path.name for path in folder.iterdir()} >= {
        "result.json", "history.csv", "steps.csv", "checkpoint.pt", "train.log", ".hydra",
    }  # fmt: skip
    assert len(list(folder.glob("events.out.tfevents.*"))) == 1
    assert "scheduler=cosine" in (folder / ".hydra" / "overrides.yaml").read_text()


def test_overridden_keys_are_in_the_path(command: Command, tmp_path: Path) -> None:
    command(*TRAIN, *SMALL, "scheduler=step", "seed=3", "warmup=0.1")
    folder = only_run(tmp_path).relative_to(tmp_path / RUNS / "step")
    assert folder.name == "seed=3"
    assert set(folder.parts[0].split(",")) == {"batch_size=64", "epochs=2", "optimizer.lr=0.02", "warmup=0.1"}


def test_the_same_command_again_trains_nothing(command: Command, tmp_path: Path) -> None:
    command(*TRAIN, *SMALL)
    before = {path: path.read_bytes() for path in only_run(tmp_path).rglob("*") if path.is_file()}
    done = command(*TRAIN, *SMALL)
    assert done.returncode == 0
    assert "already finished, skipping" in done.stdout
    assert "test accuracy" in done.stdout
    for path, content in before.items():
        assert path.name == "train.log" or path.read_bytes() == content


def test_another_run_in_the_same_folder_is_refused_and_nothing_is_touched(command: Command, tmp_path: Path) -> None:
    command(*TRAIN, *SMALL, "hydra.run.dir=here")
    before = {path: path.read_bytes() for path in (tmp_path / "here").rglob("*") if path.is_file()}
    done = command(*TRAIN, *SMALL, "seed=1", "hydra.run.dir=here")
    assert done.returncode == 2
    assert "holds another run" in done.stderr
    assert "Traceback" not in done.stderr
    for path, content in before.items():
        assert path.name == "train.log" or path.read_bytes() == content


SLOW = ("model=lenet", "scheduler=one_cycle", "epochs=6")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_run_is_finished_bit_for_bit_by_the_same_command(
    number: signal.Signals, command: Command, tmp_path: Path
) -> None:
    arguments = (*TRAIN, *SMALL, *SLOW)
    process = start([*arguments, "hydra.run.dir=stopped"], tmp_path)
    history = tmp_path / "stopped" / "history.csv"
    deadline = time.monotonic() + 60
    while not (history.exists() and len(history.read_text().splitlines()) >= 3):
        assert process.poll() is None, "the run ended before it could be stopped"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    if number == signal.SIGKILL:
        assert process.returncode == -number
        assert not (tmp_path / "stopped" / "result.json").exists()
    else:
        assert process.returncode == 130, err
        assert record(tmp_path / "stopped")["status"] == "interrupted"
        assert "Traceback" not in err
    resumed = command(*arguments, "hydra.run.dir=stopped")
    whole = command(*arguments, "hydra.run.dir=whole")
    assert (resumed.returncode, whole.returncode) == (0, 0)
    assert "Resumed after epoch" in resumed.stdout
    states = [torch.load(tmp_path / name / "checkpoint.pt", weights_only=True) for name in ("stopped", "whole")]
    left, right = (state["trainer"]["model"] for state in states)
    assert all(torch.equal(left[name], right[name]) for name in right)
    assert (tmp_path / "stopped" / "steps.csv").read_bytes() == (tmp_path / "whole" / "steps.csv").read_bytes()
    histories = [(tmp_path / name / "history.csv").read_text().splitlines() for name in ("stopped", "whole")]
    without_clock = [[line.rpartition(",")[0] for line in lines] for lines in histories]
    assert without_clock[0] == without_clock[1]
    assert record(tmp_path / "stopped")["test_loss"] == record(tmp_path / "whole")["test_loss"]


def test_a_diverged_run_is_a_result(command: Command, tmp_path: Path) -> None:
    done = command(*TRAIN, *SMALL, "model=mlp", "optimizer.lr=1e6")
    assert done.returncode == 0
    assert "diverged" in done.stdout
    found = record(only_run(tmp_path))
    assert (found["status"], found["test_accuracy"], found["train_loss"]) == ("diverged", None, None)


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


def test_a_callback_of_the_users_own(command: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(CALLBACK)
    done = command(*TRAIN, *SMALL, "+callbacks.mine._target_=mine.Counting", "+callbacks.mine.path=counted.txt")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "counted.txt").read_text() == "40 completed"


def test_an_exception_is_one_line_and_a_record(command: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(CALLBACK)
    done = command(*TRAIN, *SMALL, "seed=1", "+callbacks.mine._target_=mine.Failing")
    assert done.returncode == 1
    assert "failed: MemoryError: the model is too large" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "Traceback" in record(only_run(tmp_path))["error"]


def test_fallback_to_digits_is_loud_and_recorded(command: Command, tmp_path: Path) -> None:
    # Archives of torchvision's class cannot be downloaded from a folder that is not there; real mirrors are not asked.
    (tmp_path / "offline.py").write_text(
        "import sys, runpy, urllib.request\n"
        "def refuse(*a, **k): raise OSError('no network')\n"
        "urllib.request.urlopen = refuse\n"
        "sys.argv = ['src.train', *sys.argv[1:]]\n"
        "runpy.run_module('src.train', run_name='__main__', alter_sys=True)\n"
    )
    small = [each for each in SMALL if not each.startswith("data=")]
    done = command("offline.py", *small, "scheduler=cosine")
    assert done.returncode == 0, done.stderr
    assert "!!! mnist cannot be had: going on with data=digits" in done.stderr
    found = record(only_run(tmp_path))
    assert (found["dataset"], found["dataset_requested"]) == ("digits", "mnist")
    assert found["config"]["scheduler.T_max"] == found["steps"] == 40
    refused = command("offline.py", *small, "data.fallback=null")
    assert refused.returncode == 2
    assert "data.mirror=DIR" in refused.stderr
    assert "data=digits" in refused.stderr
    assert "Traceback" not in refused.stderr


# Each of the ways in which a config can be wrong; what exactly is refused is for the unit tests.
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["epochz=3"], ["epochz"]),
        (["scheduler=cosin"], ["scheduler=cosin: choose one of adaptive, constant"]),
        (["epochs=three"], ["epochs", "three"]),
        (["optimizer.momentum=high"], ["optimizer.momentum='high'", "a number"]),
        (["batch_size=60000"], ["batch_size=60000", "1257"]),
        (["scheduler=plateau", "scheduler.monitor=null"], ["scheduler.monitor=None", "val_loss"]),
        (["trainer.precision=fp16", "trainer.device=cpu"], ["fp16 needs a GPU"]),
        (["scheduler=step", "scheduler.step_size=0"], ["step fails at tick 1"]),
        (["seed=0,1"], ["seed=0,1 has several values; add -m"]),
        (["-m", "optimizer.momentum=0.9,-1"], ["momentum"]),
        (["-m", "scheduler=step,cosin"], ["scheduler=cosin: choose one of adaptive, constant"]),
    ],
)
def test_bad_input_is_one_clear_message(
    arguments: list[str], says: list[str], command: Command, tmp_path: Path
) -> None:
    done = command(*TRAIN, "data=digits", *arguments)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    for word in says:
        assert word in done.stderr
    assert "Traceback" not in done.stdout
    assert not list(tmp_path.glob("outputs/**/result.json"))
    assert not list(tmp_path.glob("outputs/**/history.csv"))


def test_help_does_not_wait_for_torch(command: Command) -> None:
    probe = (
        "import sys, runpy; sys.argv = ['src.train', '--help']\n"
        "try: runpy.run_module('src.train', run_name='__main__', alter_sys=True)\n"
        "except SystemExit: pass\n"
        "print('heavy:', sorted({'torch', 'pandas', 'matplotlib', 'sklearn', 'tensorboard'} & set(sys.modules)))"
    )
    done = command("-c", probe)
    assert "scheduler: adaptive, constant, cosine" in done.stdout
    assert "heavy: []" in done.stdout


def test_resolved_config_shows_real_numbers(command: Command) -> None:
    done = command(*TRAIN, "scheduler=step", "epochs=25", "--cfg", "job", "--resolve")
    assert done.returncode == 0, done.stderr
    assert "step_size: 9" in done.stdout


@pytest.mark.mnist
def test_real_mnist_from_the_mirror(command: Command, tmp_path: Path, mirror: Path) -> None:
    done = command(*TRAIN, "model=mlp", "scheduler=one_cycle", "epochs=1", MNIST_MIRROR=str(mirror))
    assert done.returncode == 0, done.stderr
    found = record(only_run(tmp_path))
    assert (found["dataset"], found["steps"]) == ("mnist", 430)
    assert found["test_accuracy"] > 0.95


@pytest.mark.mnist
def test_two_processes_at_once_on_an_empty_data_folder(tmp_path: Path, mirror: Path) -> None:
    arguments = [*TRAIN, "model=softmax", "epochs=1", "batch_size=1000"]
    both = [start([*arguments, f"seed={seed}"], tmp_path, MNIST_MIRROR=str(mirror)) for seed in (0, 1)]
    for process in both:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, out + err
    assert len(list((tmp_path / "data" / "MNIST" / "raw").iterdir())) == 4


@pytest.mark.mnist
def test_a_truncated_archive_is_named(command: Command, tmp_path: Path, mirror: Path) -> None:
    archive = tmp_path / "data" / "MNIST" / "raw" / "train-images-idx3-ubyte.gz"
    archive.parent.mkdir(parents=True)
    archive.write_bytes((mirror / archive.name).read_bytes()[:-1000])
    done = command(*TRAIN, "model=softmax", MNIST_MIRROR=str(mirror))
    assert done.returncode == 2
    assert "data/MNIST/raw/train-images-idx3-ubyte.gz is damaged" in done.stderr
    assert not list(tmp_path.glob("outputs/**/result.json"))
