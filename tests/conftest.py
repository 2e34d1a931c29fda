"""Shared by all tests: composed configs, small runs, command lines as subprocesses, and the real MNIST archives."""

from __future__ import annotations

import copy
import functools
import gc
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path

import pytest
import torch
from hydra import compose
from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra.plugins.config_source import ConfigResult
from omegaconf import DictConfig

from src.config import CONF
from src.config.compose import composing, load_config
from src.config.schema import Config

ROOT = Path(__file__).resolve().parents[1]
SMALL = ("data=digits", "model=softmax", "batch_size=64", "epochs=2", "optimizer.lr=0.02")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Hides libraries and tests from the garbage collector, which otherwise takes a tenth of the suite's time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 10, 10)
        gc.enable()


@pytest.fixture(autouse=True, scope="session")
def _ctrl_c_as_in_a_terminal() -> Iterator[None]:
    """Python's own handler of SIGINT, here and in new processes; a shell may have told background jobs to ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    torch.set_num_threads(1)  # two test workers share two cores


@pytest.fixture(autouse=True, scope="session")
def _configs_parsed_once() -> Iterator[None]:
    """Lets Hydra parse each file of `conf` once per process: a fifth of what composing takes."""
    results: dict[tuple[str, str], ConfigResult] = {}
    parse = FileConfigSource.load_config

    def load_config(source: FileConfigSource, config_path: str) -> ConfigResult:
        if source.path != str(CONF):  # written by a test, perhaps twice
            return parse(source, config_path)
        key = (source.provider, config_path)
        if key not in results:
            results[key] = parse(source, config_path)
        return copy.deepcopy(results[key])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FileConfigSource, "load_config", load_config)
        yield


@pytest.fixture(autouse=True)
def _no_inherited_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Removes the user's MNIST variables from the environment; `mirror` reads MNIST_MIRROR before."""
    monkeypatch.delenv("MNIST_MIRROR", raising=False)
    monkeypatch.delenv("MNIST_ROOT", raising=False)


@pytest.fixture(scope="session")
def mirror() -> Path:
    """Folder with the four MNIST archives."""
    folder = os.environ.get("MNIST_MIRROR")
    if not folder:
        pytest.skip("MNIST_MIRROR is not set to a folder with the MNIST archives")
    return Path(folder).resolve()


def composed(*overrides: str) -> DictConfig:
    with composing():  # also after a test that left a context of Hydra behind
        return compose("train", overrides=list(overrides))


def make_config(*overrides: str) -> Config:
    """Returns a new config; composing takes a tenth of a second, so it is cached and shared by all seeds."""
    seeds = [int(line[5:]) for line in overrides if re.fullmatch(r"seed=\d+", line)]
    config = copy.deepcopy(_loaded(tuple(line for line in overrides if not re.fullmatch(r"seed=\d+", line))))
    config.seed = seeds[-1] if seeds else config.seed
    return config


@functools.cache
def _loaded(overrides: tuple[str, ...]) -> Config:
    return load_config(composed(*overrides))


def small_config(*overrides: str) -> Config:
    """Config of a run of about a second: softmax regression on digits, two epochs of 20 updates."""
    return make_config(*SMALL, *overrides)


Command = Callable[..., subprocess.CompletedProcess[str]]


def environment(**extra: str) -> dict[str, str]:
    clean = {key: value for key, value in os.environ.items() if key not in ("MNIST_MIRROR", "MNIST_ROOT")}
    return {**clean, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "COLUMNS": "120", **extra}


def start(arguments: Sequence[str], folder: Path, **extra: str) -> subprocess.Popen[str]:
    """Starts a command line of the project as a subprocess in `folder`."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment(**extra),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a process group, as in a terminal: signals to the group reach its workers
    )


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    """Runs a command line to completion in the test's folder."""

    def run(*arguments: str, timeout: float = 120, **extra: str) -> subprocess.CompletedProcess[str]:
        process = start(arguments, tmp_path, **extra)
        try:
            out, err = process.communicate(timeout=timeout)
        finally:
            process.kill()
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    return run
