"""A made-up sweep in the shape of the protocol `strict`: records, histories and steps as the trainer writes them.

Under each of four budgets, eleven schedules are tuned at nine or eleven rates under 20 seeds, and every tuning seed
chooses the rate of one evaluation seed. That makes 9,680 runs. A sweep of another size has another number of seeds.
"""

from __future__ import annotations

import json
import math
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, astuple, dataclass, fields, replace
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from src import layout
from src.config.compose import load_config
from src.config.schema import Config
from src.csv_files import csv_text
from src.runs.record import RunRecord, write_record
from src.runs.summary import time_to
from src.schedules.trace import trace
from src.sweeps.presets import load_preset
from src.sweeps.protocol import Protocol
from src.sweeps.study import Grid
from src.training.metrics import EpochResult
from tests.conftest import composed
from tests.unit.analysis.conftest import record_of

FIRST_TUNING_SEED = 1000
GRIDS = {1: (-3, 7), 3: (-3, 7), 10: (-3, 5), 30: (-5, 3)}  # half decades around the center, with extensions
DISAGREEMENT = 0.6  # standard deviation, between seeds, of the best place in the grid
DIVERGES_AT = 4  # places above the best one
SECONDS_PER_EPOCH = 5.0


@dataclass(frozen=True)
class Study:
    """A schedule under a budget: its config and the lr of every update at each rate, and how good it is."""

    configs: list[Config]
    lrs: list[list[float]]
    best_place: float
    best_error: float

    def errors(self, rng: random.Random) -> list[float]:
        """The validation error at each rate under one seed; infinite where the run diverges."""
        best = self.best_place + rng.gauss(0, DISAGREEMENT)
        return [self._error(place - best, rng) for place in range(len(self.configs))]

    def _error(self, distance: float, rng: random.Random) -> float:
        return math.inf if distance > DIVERGES_AT else self.best_error * (1 + 0.1 * distance**2) * rng.gauss(1, 0.02)


def strict(num_seeds: int, **changes: object) -> Protocol:
    """The protocol with `num_seeds` evaluation seeds, and a tuning seed for each."""
    tuning_seeds = [FIRST_TUNING_SEED + seed for seed in range(num_seeds)]
    seeds = {"tuning_seeds": tuning_seeds, "evaluation_seeds": list(range(num_seeds))}
    return load_preset(Protocol, "protocol", "strict", changes={**seeds, **changes})


def runs_per_seed(protocol: Protocol) -> int:
    """The tuning runs and evaluation runs that one more seed adds."""
    rates = [last - first + 1 for first, last in (GRIDS[epochs] for epochs in protocol.budgets)]
    return len(protocol.schedulers) * (sum(rates) + len(rates))


def write_sweep(protocol: Protocol, folder: Path) -> int:
    """Writes every run of the protocol, and sweep.json; returns the number of runs."""
    rng = random.Random(0)
    configs = [
        config
        for scheduler in protocol.schedulers
        for epochs in protocol.budgets
        for config in _write_study(_study(scheduler, epochs, rng), protocol, folder, rng)
    ]
    jobs = [{"folder": str(_subfolder(config)), "overrides": [f"seed={config.seed}"]} for config in configs]
    content = {"command": ["python", "scripts/sweep.py"], "protocol": asdict(protocol), "jobs": jobs}
    (folder / layout.SWEEP).write_text(json.dumps(content))
    return len(configs)


def _study(scheduler: str, epochs: int, rng: random.Random) -> Study:
    node = composed(f"scheduler={scheduler}")
    peaks = Grid(node.optimizer.lr, *GRIDS[epochs]).lrs
    configs = [_config(node, epochs, lr) for lr in peaks]
    shape = trace(configs[0])
    lrs = [[lr * peak / peaks[0] for lr in shape] for peak in peaks]
    return Study(configs, lrs, rng.uniform(2, len(peaks) - 3), 0.025 / epochs**0.3 * rng.uniform(0.9, 1.1))


def _config(node: DictConfig, epochs: int, lr: float) -> Config:
    merged = OmegaConf.merge(node, {"epochs": epochs, "optimizer": {"lr": lr}})
    assert isinstance(merged, DictConfig)
    return load_config(merged)


def _write_study(study: Study, protocol: Protocol, folder: Path, rng: random.Random) -> Iterator[Config]:
    """Writes the runs of a study; yields their configs. The runs at one rate share steps.csv, which saves gigabytes."""
    steps: dict[int, Path] = {}
    for tuning_seed, seed in zip(protocol.tuning_seeds, protocol.evaluation_seeds, strict=True):
        errors = study.errors(rng)
        best = errors.index(min(errors))
        tuning = [(place, error, tuning_seed, False) for place, error in enumerate(errors)]
        for place, error, run_seed, read_test in [*tuning, (best, errors[best] * rng.gauss(1, 0.03), seed, True)]:
            config = replace(study.configs[place], seed=run_seed, read_test=read_test)
            target = folder / _subfolder(config)
            _write_run(config, _history(config, study.lrs[place], error, rng), target, rng)
            if place in steps:
                os.link(steps[place], target / layout.STEPS)
            else:
                steps[place] = target / layout.STEPS
                steps[place].write_text(_steps(study.lrs[place], rng))
            yield config


def _subfolder(config: Config) -> Path:
    """The folder of a run in that of its sweep, as Hydra names it."""
    purpose = "" if config.read_test else ",read_test=false"
    setting = f"epochs={config.epochs},optimizer.lr={config.optimizer['lr']:g}{purpose}"
    names = (config.data.name, config.model["name"], config.optimizer["name"], config.scheduler["name"])
    return Path("runs", *names, setting, f"seed={config.seed}")


def _write_run(config: Config, history: Sequence[EpochResult], folder: Path, rng: random.Random) -> None:
    write_record(_record(config, history, rng), folder)
    columns = [field.name for field in fields(EpochResult)]
    (folder / layout.HISTORY).write_text(csv_text([columns, *map(astuple, history)]))
    for name in (layout.CONFIG_HASH, layout.LOCK, f"{layout.HYDRA}/config.yaml"):  # a report has to pass them by
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()


def _history(config: Config, lrs: Sequence[float], error: float, rng: random.Random) -> list[EpochResult]:
    """Epochs whose error falls to `error`; if that is infinite, one epoch without a finite loss."""
    per_epoch, num_val = config.updates_per_epoch, config.data.num_val
    if math.isinf(error):
        return [EpochResult(1, per_epoch, lrs[per_epoch - 1], math.nan, 0.1, math.nan, 0.1, SECONDS_PER_EPOCH)]
    rows = []
    for epoch in range(1, config.epochs + 1):
        left = 3 * math.exp(-5 * epoch / config.epochs) * rng.gauss(1, 0.1) if epoch < config.epochs else 0
        train, val = 0.8 * error * (1 + left), error * (1 + left)
        lr, seconds = lrs[epoch * per_epoch - 1], epoch * SECONDS_PER_EPOCH * rng.gauss(1, 0.02)
        val_accuracy = 1 - round(val * num_val) / num_val
        rows.append(EpochResult(epoch, epoch * per_epoch, lr, 3 * train, 1 - train, 3 * val, val_accuracy, seconds))
    return rows


def _steps(lrs: Sequence[float], rng: random.Random) -> str:
    rows = ((step, lr, 2.3 / (1 + step / 50) * rng.uniform(0.7, 1.3)) for step, lr in enumerate(lrs))
    return csv_text([("step", "lr", "loss"), *rows])


def _record(config: Config, history: Sequence[EpochResult], rng: random.Random) -> RunRecord:
    last, best = history[-1], max(history, key=lambda row: row.val_accuracy)
    test_error = round((1 - last.val_accuracy) * rng.gauss(1, 0.03) * config.data.num_test) / config.data.num_test
    is_tested = last.is_finite and config.read_test
    return replace(
        record_of(config, accuracy=1 - test_error, status="completed" if last.is_finite else "diverged"),
        num_parameters=61_706,
        test_loss=3 * test_error if is_tested else None,
        val_accuracy=last.val_accuracy,
        val_loss=last.val_loss,
        train_loss=last.train_loss,
        mean_val_accuracy=sum(row.val_accuracy for row in history) / len(history),
        best_val_accuracy=best.val_accuracy,
        best_val_epoch=best.epoch,
        steps=last.step,
        train_seconds=last.train_seconds,
        wall_seconds=1.1 * last.train_seconds,
        time_to=time_to(config.data.thresholds, list(history)),
    )
