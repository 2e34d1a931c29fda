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
from src.schedules.choices import config_loader
from src.schedules.driver import METRICS, Schedule, build_schedule
from src.schedules.preflight import preflight
from tests.conftest import make_config

NAMES = sorted(path.stem for path in (CONF / "scheduler").glob("*.yaml"))
TICKS = 97
PEAK = 0.4
RUN = ("data=digits", f"optimizer.lr={PEAK}")
LENGTH = {
    "step": ("epochs=1", f"batch_size={math.ceil(1257 / TICKS)}"),
    "epoch": (f"epochs={TICKS}", "batch_size=1257"),
    "second": (f"seconds={TICKS}",),
}


@functools.cache
def load_configs(names: tuple[str, ...], *overrides: str) -> dict[str, Config]:
    """The config of each schedule under `overrides`, which may not concern the schedule."""
    with config_loader(overrides) as load:  # several times as fast as composing each config
        return {name: load(name) for name in names}


@functools.cache
def catalogue(*overrides: str) -> dict[str, Config]:
    """The configs of all schedules for runs of 97 ticks: 97 updates in one epoch, 97 epochs, or 97 seconds."""
    configs = {}
    for interval, length in LENGTH.items():
        names = tuple(name for name in NAMES if interval_of(name) == interval)
        configs |= load_configs(names, *RUN, *length, *overrides)
    return configs


def by_tick(name: str, *overrides: str) -> Config:
    """The config of one schedule for a run of 97 ticks. The overrides may concern the schedule."""
    if not overrides:
        return catalogue()[name]
    return make_config(f"scheduler={name}", *RUN, *LENGTH[interval_of(name)], *overrides)


@functools.cache
def interval_of(name: str) -> str:
    interval: str = OmegaConf.load(CONF / "scheduler" / f"{name}.yaml").interval
    return interval


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
