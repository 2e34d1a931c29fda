"""Fixtures that run the training command inside the test process."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra

from src import train

TrainInProcess = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def train_in_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[TrainInProcess]:
    """Runs `python -m src.train` with the given arguments in `tmp_path`, without a new process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        capsys.readouterr()
        status = call_main(*arguments)
        out, err = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, status, out, err)

    yield run
    forget_modules(tmp_path)


def call_main(*arguments: str, main: Callable[[], None] = train.main) -> int:
    """Calls an entry point as a fresh process would and returns its exit status."""
    with pytest.MonkeyPatch.context() as patch, _fresh_logging():
        patch.setattr(sys, "argv", ["command", *arguments])
        patch.setattr(sys, "path", list(sys.path))
        GlobalHydra.instance().clear()
        try:
            main()
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else int(end.code is not None)
        finally:
            GlobalHydra.instance().clear()
    return 0


def forget_modules(folder: Path) -> None:
    """Drops the modules imported from a test's folder, so that the next test may use their names."""
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").rpartition("/")[0] == str(folder):  # thousands: Path would be slow
            del sys.modules[name]


@contextmanager
def _fresh_logging() -> Iterator[None]:
    """Logging as a new process has it; Hydra replaces the root logger's handlers, which are put back afterward."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    root.setLevel(logging.WARNING)
    try:
        yield
    finally:
        for handler in root.handlers:
            handler.close()
        root.handlers[:] = handlers
        root.setLevel(level)
