"""How long an update takes."""

from __future__ import annotations

import itertools
import statistics
import time
from dataclasses import replace

import torch

from src.config.schema import Config
from src.runs.build import build_bare_trainer

WARMUP_UPDATES = 5


def step_seconds(config: Config, updates: int = 20) -> float:
    """The median time per update, measured now on a new model."""
    with torch.random.fork_rng(devices=[]):
        trainer = build_bare_trainer(replace(config, callbacks={}))
        trainer.set_training(True)
        batches = torch.split(trainer.data.train_order(0, 0), config.update_size)
        times = []
        for examples, _ in zip(itertools.cycle(batches), range(updates + WARMUP_UPDATES), strict=False):
            start = time.perf_counter()
            trainer.train_step(examples).item()  # waits for the device
            times.append(time.perf_counter() - start)
    return statistics.median(times[WARMUP_UPDATES:])
