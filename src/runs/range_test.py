"""The range test of a run's setting: on request, or for `optimizer.lr=auto`, which takes its suggestion."""

from __future__ import annotations

import functools
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from omegaconf import OmegaConf

from src.announce import announcing
from src.config import CONF
from src.config.auto_lr import wants_range_test, with_lr, with_placeholder_lr
from src.config.compose import composed, composing, load_config, search_path
from src.config.identity import config_hash
from src.config.resolvers import AUTO
from src.config.schema import Config
from src.data.fallback import resolve_dataset
from src.runs.build import build_bare_trainer, check_new
from src.runs.lr_cache import read_range_test, save_range_test
from src.training.lr_finder import MAX_LR, MIN_LR, NUM_UPDATES, SUGGESTIONS, RangeTest, rates, run_range_test

log = logging.getLogger(__name__)

FOLDER = Path("outputs/lr_find")
# A peak depends on these overrides only, so that all seeds, schedules and lengths share it.
_GROUPS = ("data", "model", "optimizer", "trainer", "batch_size")


@dataclass(frozen=True)
class Suggestions:
    """The range test of a setting and the peak learning rates that it suggests.

    Attributes:
        title: The setting in words.
        folder: Default folder for files about the setting.
        test: The range test.
        lrs: The suggested learning rates by kind: valley and steepest.
        blew_up: Whether the loss blew up before the largest learning rate.
    """

    title: str
    folder: Path
    test: RangeTest
    lrs: dict[str, float]
    blew_up: bool


def resolve_lr(overrides: Sequence[str]) -> list[str]:
    """The overrides of a run with `optimizer.lr=auto` replaced by the peak that a range test finds.

    One test serves every run with the same data set, model, optimizer, batch size and trainer settings. It is kept in
    outputs/lr_find.

    Raises:
        UsageError: the config is invalid, or no learning rate lowers the loss.
    """
    if not wants_range_test(overrides):
        return list(overrides)
    check_before_test(overrides)
    relevant = (*search_path(overrides), *(line for line in overrides if _group(line) in _GROUPS))
    return [*with_lr(overrides, _peak_lr(relevant)), f"lr_requested={AUTO}"]


def check_before_test(overrides: Sequence[str]) -> None:
    """Rejects a run that no learning rate makes possible, before a range test takes its time.

    Raises:
        UsageError: as `check` does.
    """
    _check_setting(tuple(line for line in with_placeholder_lr(overrides) if not line.startswith("seed=")))


@functools.cache
def _check_setting(overrides: tuple[str, ...]) -> None:
    with composing():
        config = load_config(composed(overrides))
    with announcing("checking the run"):
        check_new(config)


def find_lr(config: Config, lrs: Sequence[float]) -> RangeTest:
    """The range test on a new model, with the initial weights and batches that a run of `config` starts with.

    Raises:
        UsageError: the config cannot run, or no learning rate lowers the loss.
    """
    constant: Any = OmegaConf.to_container(OmegaConf.load(CONF / "scheduler" / "constant.yaml"))
    no_averaging: Any = OmegaConf.to_container(OmegaConf.load(CONF / "averaging" / "none.yaml"))
    test_config = replace(
        config, scheduler=constant, averaging=no_averaging, warmup=0.0, interval=None, seconds=None, callbacks={}
    )
    # fork_rng because a trainer seeds the global generator for dropout
    with announcing(f"testing {len(lrs)} learning rates"), torch.random.fork_rng(devices=[]):
        return run_range_test(build_bare_trainer(test_config), lrs)


def suggest_lrs(
    overrides: Sequence[str], min_lr: float = MIN_LR, max_lr: float = MAX_LR, num_updates: int = NUM_UPDATES
) -> Suggestions:
    """Tests the setting of some overrides, whatever their `optimizer.lr` is.

    Args:
        overrides: Overrides of a run.
        min_lr: Smallest learning rate.
        max_lr: Largest learning rate.
        num_updates: Number of learning rates, with one update at each.

    Raises:
        UsageError: the config cannot run, or no learning rate lowers the loss.
    """
    lrs = rates(min_lr, max_lr, num_updates)
    overrides = resolve_dataset(with_placeholder_lr(overrides))
    with composing():
        config = load_config(composed(overrides))
    test = find_lr(config, lrs)
    return Suggestions(
        title=" · ".join([*_names(config), f"batch {config.batch_size}", f"seed {config.seed}"]),
        folder=FOLDER.joinpath(*_names(config)),
        test=test,
        lrs={kind: test.suggestion(kind) for kind in SUGGESTIONS},
        blew_up=len(test.lrs) < len(lrs),
    )


def _names(config: Config) -> tuple[str, str, str]:
    """Data set, model and optimizer."""
    return config.data.name, config.model["name"], config.optimizer["name"]


def _group(override: str) -> str:
    return override.partition("=")[0].partition(".")[0].lstrip("+~")


@functools.cache
def _peak_lr(overrides: tuple[str, ...]) -> float:
    """The suggestion of the range test under these overrides, from its file if there is an undamaged one."""
    with composing():
        config = load_config(composed([*with_placeholder_lr(overrides), "scheduler=constant"]))
    path = FOLDER.joinpath(*_names(config), f"auto-{config_hash(config)}.csv")
    test = read_range_test(path)
    if test is None:
        print(f"optimizer.lr={AUTO}: running a range test of {' · '.join(_names(config))}", flush=True)
        test = find_lr(config, rates())
        save_range_test(test, path)
    lr = test.suggestion()
    print(f"optimizer.lr={AUTO}: {lr:g}, from the range test in {path}", flush=True)
    return lr
