"""Schedules driven as the trainer drives them, for 97 ticks: a prime, so that no span divides the run evenly."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator

import torch
from omegaconf import OmegaConf

from src.config import CONF
from src.config.schema import Config
from src.optimizers.build import build_optimizer
from src.schedules.driver import METRICS, Schedule, build_schedule
from src.schedules.preflight import preflight
from tests.conftest import make_config

NAMES = sorted(path.stem for path in (CONF / "scheduler").glob("*.yaml"))
TICKS = 97
PEAK = 0.4
LENGTH = {
    "step": ("epochs=1", f"batch_size={math.ceil(1257 / TICKS)}"),
    "epoch": (f"epochs={TICKS}", "batch_size=1257"),
    "second": (f"seconds={TICKS}",),
}


@functools.cache  # composing a config takes longer than driving its schedule
def by_tick(name: str, *overrides: str) -> Config:
    """Config of a run of 97 ticks: 97 updates in one epoch, 97 epochs of one update, or 97 seconds."""
    interval = OmegaConf.load(CONF / "scheduler" / f"{name}.yaml").interval
    return make_config("data=digits", f"scheduler={name}", f"optimizer.lr={PEAK}", *LENGTH[interval], *overrides)


def drive(
    config: Config, schedule: Schedule, optimizer: torch.optim.Optimizer, first: int = 0, last: int = TICKS
) -> Iterator[float]:
    """Yields the learning rate of every update; metrics never change, and every update takes a second."""
    for step in range(first, last):
        lr = schedule.begin_update(step, float(step))
        assert lr == optimizer.param_groups[0]["lr"]
        optimizer.step()
        yield lr
        schedule.end_update(step + 1, float(step + 1))
        if (step + 1) % config.updates_per_epoch == 0:
            schedule.end_epoch((step + 1) // config.updates_per_epoch, dict.fromkeys(METRICS, 1.0))


def build(config: Config) -> tuple[Schedule, torch.optim.Optimizer]:
    weight = torch.nn.Parameter(torch.zeros(1))
    weight.grad = torch.zeros(1)
    optimizer = build_optimizer(config.optimizer, [weight])
    return build_schedule(config, optimizer), optimizer


def curve(config: Config) -> list[float]:
    return list(drive(config, *build(config)))


def run_preflight(config: Config) -> list[float]:
    return preflight(config, build(config)[0])
