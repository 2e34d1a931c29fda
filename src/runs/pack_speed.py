"""How much faster runs are in lockstep than one by one."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from src.config.schema import Config
from src.errors import UsageError
from src.models.lockstep import can_stack
from src.runs.build import build_bare_trainer
from src.runs.speed import bare_step, check_rounds
from src.training.pack import Pack
from src.training.trainer import Trainer

SIZES = (1, 4, 8, 16, 32)
SINGLE_UPDATES = 64  # of the bare loop in a row
PACK_UPDATES = 4  # of the largest packs in a row; smaller ones make as many as the bare loop, over all runs


def pack_speedups(config: Config, rounds: int, sizes: Sequence[int] = SIZES) -> dict[int, float]:
    """Updates per second of all runs of a pack together, relative to those of one bare loop, by the size of the pack.

    A pack of one is this trainer. Pack and bare loop take turns of many updates: the weights of a single run stay in
    the cache while it trains, but not while a pack does. The fastest turns of each are compared, because other programs
    can only slow them down.
    """
    check_rounds(rounds)
    _check_stackable(config)
    return {size: _speedup(config, size, rounds) for size in sizes}


def _check_stackable(config: Config) -> None:
    trainer = build_bare_trainer(config)
    if not can_stack(trainer.model):
        raise UsageError(f"model={config.model['name']}: its runs cannot share passes; choose another model")
    if trainer.precision.scales_gradients:
        raise UsageError("--lockstep: runs in fp16 cannot share passes; add trainer.precision=fp32 or bf16")


def _speedup(config: Config, size: int, rounds: int) -> float:
    members = [build_bare_trainer(replace(config, callbacks={})) for _ in range(size)]
    data, batches = members[0].data, members[0].updates_left()
    bare, step = bare_step(config, data), _step_of(members)
    updates, num_updates = itertools.cycle(batches), max(PACK_UPDATES, SINGLE_UPDATES // size)
    times = []
    for _ in range(rounds + 1):  # the first to warm up
        bare_seconds = _seconds(bare, itertools.islice(updates, SINGLE_UPDATES), data.device)
        times.append((bare_seconds, _seconds(step, itertools.islice(updates, num_updates), data.device)))
    fastest_bare, fastest_pack = map(min, zip(*times[1:], strict=True))
    return size * num_updates / fastest_pack * fastest_bare / SINGLE_UPDATES


def _step_of(members: Sequence[Trainer]) -> Callable[[Tensor], object]:
    if len(members) == 1:
        members[0].start_epoch()
        return members[0].train_step
    pack = Pack(members)
    pack.start_epoch()
    return pack.train_step


def _seconds(step: Callable[[Tensor], object], updates: Iterable[Tensor], device: torch.device) -> float:
    start = time.perf_counter()
    for examples in updates:
        step(examples)
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start
