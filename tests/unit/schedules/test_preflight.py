"""Preflight: schedules that would fail in the middle of a run are errors before it."""

from __future__ import annotations

import copy
import threading

import pytest
import torch
from torch.optim.lr_scheduler import LRScheduler

from src.config import CONF
from src.errors import UsageError
from src.schedules.preflight import preflight
from tests.unit.schedules.conftest import TICKS, build, by_tick, run_preflight


def test_lr_above_the_peak_is_an_error() -> None:
    with pytest.raises(
        UsageError, match=r"scheduler=one_cycle sets the learning rate .* from 0 to the peak, optimizer"
    ):
        run_preflight(by_tick("one_cycle", "scheduler.max_lr=5"))


def test_one_cycle_shorter_than_the_run_is_an_error() -> None:
    with pytest.raises(UsageError, match="one_cycle fails at tick 51"):
        run_preflight(by_tick("one_cycle", "scheduler.total_steps=50"))


class Unloadable(LRScheduler):
    """Has an attribute that the safe checkpoint loader cannot read back."""

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self.folder = CONF
        super().__init__(optimizer)

    def get_lr(self) -> list[float | torch.Tensor]:
        return list(self.base_lrs)


def test_schedule_that_cannot_be_resumed_is_an_error() -> None:
    config = by_tick("constant", f"scheduler._target_={__name__}.Unloadable")
    with pytest.raises(UsageError, match=r"scheduler=Unloadable: its state_dict cannot be saved.*'folder'"):
        run_preflight(config)


def test_preflight_leaves_the_schedule_as_it_is() -> None:
    config = by_tick("one_cycle", "scheduler.cycle_momentum=true")
    schedule, optimizer = build(config)
    before = copy.deepcopy((schedule.state_dict(), optimizer.state_dict()))
    assert len(preflight(config, schedule)) == TICKS
    assert (schedule.state_dict(), optimizer.state_dict()) == before


class Uncopyable(torch.optim.lr_scheduler.LambdaLR):
    """Holds what cannot be copied."""

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self.lock = threading.Lock()
        super().__init__(optimizer, lambda t: 1.0)


def test_schedule_that_cannot_be_copied_is_an_error() -> None:
    config = by_tick("constant", f"scheduler._target_={__name__}.Uncopyable")
    with pytest.raises(UsageError, match="scheduler=Uncopyable: it or its optimizer cannot be copied"):
        run_preflight(config)
