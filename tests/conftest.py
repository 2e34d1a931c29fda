"""What the tests share: composed configs, small runs, the command lines as subprocesses, real MNIST where it is."""

from __future__ import annotations

import copy
import functools
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from src.config import CONF
from src.config.compose import load_config
from src.config.schema import Config

ROOT = Path(__file__).resolve().parents[1]
SMALL = ("data=digits", "model=softmax", "batch_size=64", "epochs=2", "optimizer.lr=0.02")


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    torch.set_num_threads(1)  # two test workers share two cores


@pytest.fixture(autouse=True)
def _no_inherited_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the user's shell says of MNIST must not steer a test; `mirror` reads it before."""
    monkeypatch.delenv("MNIST_MIRROR", raising=False)
    monkeypatch.delenv("MNIST_ROOT", raising=False)


@pytest.fixture(scope="session")
def mirror() -> Path:
    """A folder with the four archives of MNIST."""
    folder = os.environ.get("MNIST_MIRROR")
    if not folder:
        pytest.skip("MNIST_MIRROR names no folder with the archives of MNIST")
    return Path(folder).resolve()


def composed(*overrides: str) -> DictConfig:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("train", overrides=list(overrides))


def make_config(*overrides: str) -> Config:
    """A config of its own; composing takes a tenth of a second, and is done once for all seeds."""
    seeds = [int(line[5:]) for line in overrides if re.fullmatch(r"seed=\d+", line)]
    config = copy.deepcopy(_loaded(tuple(line for line in overrides if not re.fullmatch(r"seed=\d+", line))))
    config.seed = seeds[-1] if seeds else config.seed
    return config


@functools.cache
def _loaded(overrides: tuple[str, ...]) -> Config:
    return load_config(composed(*overrides))


def small_config(*overrides: str) -> Config:
    """A run of a second: softmax regression on digits, 20 updates an epoch, two epochs."""
    return make_config(*SMALL, *overrides)


Command = Callable[..., subprocess.CompletedProcess[str]]


def environment(**extra: str) -> dict[str, str]:
    clean = {key: value for key, value in os.environ.items() if key not in ("MNIST_MIRROR", "MNIST_ROOT")}
    return {**clean, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "COLUMNS": "120", **extra}


def start(arguments: Sequence[str], folder: Path, **extra: str) -> subprocess.Popen[str]:
    """A command line of the project as a process of its own, started in `folder`."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment(**extra),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a group of its own, as a terminal gives it: signals to the group reach its workers
    )


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    """Runs a command line to its end in a folder of its own."""

    def run(*arguments: str, timeout: float = 120, **extra: str) -> subprocess.CompletedProcess[str]:
        process = start(arguments, tmp_path, **extra)
        try:
            out, err = process.communicate(timeout=timeout)
        finally:
            process.kill()
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    return run
