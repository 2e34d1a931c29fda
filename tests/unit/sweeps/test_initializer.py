"""What workers do first."""

from __future__ import annotations

import pytest
from joblib.externals.loky import process_executor

from src.sweeps import initializer


def test_worker_may_grow_by_what_a_run_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert process_executor._MAX_MEMORY_LEAK_SIZE < initializer.MAX_GROWTH  # the name is private: joblib may change it
    monkeypatch.setattr(process_executor, "_MAX_MEMORY_LEAK_SIZE", 0)
    initializer._allow_growth()
    assert process_executor._MAX_MEMORY_LEAK_SIZE == initializer.MAX_GROWTH
