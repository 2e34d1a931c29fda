"""How a sweep is stopped: by a file for its workers, by a second signal for its master."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from src import layout
from src.errors import UsageError
from src.sweeps import workers
from src.sweeps.workers import is_stopping, stopped_by_signals


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    yield
    workers._stopping.clear()


@pytest.mark.parametrize("number", workers.SIGNALS)
def test_a_signal_is_written_down_for_workers_wherever_they_are(number: signal.Signals, tmp_path: Path) -> None:
    before = signal.getsignal(number)
    with stopped_by_signals(tmp_path):
        signal.raise_signal(number)
        assert is_stopping()
        assert (tmp_path / layout.STOP).exists()
    assert not (tmp_path / layout.STOP).exists()  # all have returned
    assert signal.getsignal(number) == before


def interrupt_twice(sweep: Path) -> None:
    with stopped_by_signals(sweep):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)


def test_a_second_signal_ends_the_master_and_the_next_one_starts_afresh(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupt_twice(tmp_path)
    assert (tmp_path / layout.STOP).exists()  # workers may still be about
    with stopped_by_signals(tmp_path):
        assert not is_stopping()
        assert not (tmp_path / layout.STOP).exists()


def test_a_folder_has_one_master(tmp_path: Path) -> None:
    with stopped_by_signals(tmp_path):
        with pytest.raises(UsageError, match="another sweep is at work there"), stopped_by_signals(tmp_path):
            pass
        signal.raise_signal(signal.SIGINT)  # the first is still in command
        assert is_stopping()
    with stopped_by_signals(tmp_path):
        pass
