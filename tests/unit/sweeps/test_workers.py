"""Stopping a sweep: a file tells the workers, a second signal ends the main process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from src import layout
from src.errors import UsageError
from src.sweeps import workers
from src.sweeps.workers import controlling_sweep, is_stopping


@pytest.fixture(autouse=True)
def _not_stopping() -> Iterator[None]:
    yield
    workers._stopping.clear()


@pytest.mark.parametrize("number", workers.SIGNALS)
def test_signal_creates_the_stop_file_until_the_workers_have_returned(number: signal.Signals, tmp_path: Path) -> None:
    before = signal.getsignal(number)
    with controlling_sweep(tmp_path):
        signal.raise_signal(number)
        assert is_stopping()
        assert (tmp_path / layout.STOP).exists()
    assert not (tmp_path / layout.STOP).exists()
    assert signal.getsignal(number) == before


def interrupt_twice(sweep: Path) -> None:
    with controlling_sweep(sweep):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)


def test_second_signal_ends_the_main_process_and_the_next_one_starts_fresh(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupt_twice(tmp_path)
    assert (tmp_path / layout.STOP).exists()  # workers may still be running
    with controlling_sweep(tmp_path):
        assert not is_stopping()
        assert not (tmp_path / layout.STOP).exists()


def test_folder_has_one_main_process(tmp_path: Path) -> None:
    with controlling_sweep(tmp_path):
        with pytest.raises(UsageError, match="another sweep is running there"), controlling_sweep(tmp_path):
            pass
        signal.raise_signal(signal.SIGINT)  # still handled by the first one
        assert is_stopping()
    with controlling_sweep(tmp_path):
        pass


def test_worker_whose_output_nobody_reads_stops_the_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with workers.controlling_sweep(tmp_path):
        workers.stop_others(tmp_path, shares_queue=True)
        assert not (tmp_path / layout.STOP).exists()
        monkeypatch.setattr(workers, "is_unread", lambda: True)  # in a worker
        workers.stop_others(tmp_path, shares_queue=False)
        assert (tmp_path / layout.STOP).exists()
        monkeypatch.undo()
        assert not workers.is_stopping()
    assert workers.is_stopping()
    assert not (tmp_path / layout.STOP).exists()


@pytest.mark.parametrize(("shares_queue", "parent", "stops"), [(True, 0, True), (False, 0, False), (True, 1, False)])
def test_signal_to_one_worker_stops_the_sweep_unless_its_main_process_is_gone(
    shares_queue: bool, parent: int, stops: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    monkeypatch.setattr(workers, "main_process", lambda: [os.getpid(), gone.pid][parent])
    workers.stop_others(tmp_path, shares_queue=shares_queue)
    assert not (tmp_path / layout.STOP).exists()
    stopping = threading.Event()
    stopping.set()  # as its handler does
    monkeypatch.setattr(workers, "_stopping", stopping)
    workers.stop_others(tmp_path, shares_queue=shares_queue)
    assert (tmp_path / layout.STOP).exists() == stops
