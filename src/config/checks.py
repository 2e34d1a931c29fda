"""Checks of values that types cannot express."""

from __future__ import annotations

import math
import re
from typing import Any

from omegaconf import OmegaConf

from src.config.naming import check_name
from src.config.resolvers import AUTO
from src.config.schema import GROUPS, INTERVALS, PRECISIONS, Config
from src.config.wording import as_text
from src.errors import UsageError

MAX_SEED = 2**63 - 1  # the largest integer of a table's column
MAX_EPOCHS = 1_000_000
MAX_THREADS = 1024  # the C++ threads of torch end the process if the system refuses one
_POSITIVE_INTEGER = "a positive integer"


def check_groups(cfg: Any) -> None:
    """Checks that no group was removed (`~scheduler`).

    Raises:
        UsageError: names the group.
    """
    for group in ("data", "trainer", *GROUPS):
        if OmegaConf.is_missing(cfg, group):
            raise UsageError(f"{group}: is missing; give {group}=CHOICE")


def check_ranges(cfg: Any) -> None:
    """Checks the values that need no built parts, before the rest of the config is resolved.

    Raises:
        UsageError: names the key, its value and what is allowed.
    """
    _require(cfg.seed >= 0, "seed", cfg.seed, "a non-negative integer")
    _require(cfg.seed <= MAX_SEED, "seed", cfg.seed, f"at most {MAX_SEED}")
    _require(cfg.epochs >= 1, "epochs", cfg.epochs, _POSITIVE_INTEGER)
    _require(cfg.epochs <= MAX_EPOCHS, "epochs", cfg.epochs, f"at most {MAX_EPOCHS}")
    _require(cfg.seconds is None or 0 < cfg.seconds < math.inf, "seconds", cfg.seconds, "a positive time, or null")
    _check_data(cfg.data)
    _check_test(cfg.data)
    train_size = cfg.data.num_train - cfg.data.num_val
    _require(
        1 <= cfg.batch_size <= train_size,
        "batch_size",
        cfg.batch_size,
        f"from 1 to the {train_size} training examples of {cfg.data.name}",
    )
    lr = cfg.optimizer.get("lr", 1.0)
    _require(
        isinstance(lr, int | float) and not isinstance(lr, bool) and 0 < lr < math.inf,
        "optimizer.lr",
        lr,
        f"a finite, positive number, or {AUTO} on the command line",
    )
    _require(
        0 <= cfg.warmup < 1 or (1 <= cfg.warmup < math.inf and cfg.warmup == int(cfg.warmup)),
        "warmup",
        cfg.warmup,
        "a fraction of the run below 1, or a positive integer number of updates",
    )
    _require(
        re.fullmatch(r"auto|[1-9]\d*", cfg.lockstep) is not None, "lockstep", cfg.lockstep, "auto or an integer above 0"
    )
    _check_interval(cfg)
    _check_trainer(cfg.trainer)
    num_batches = math.ceil(train_size / cfg.batch_size)
    _require(
        cfg.trainer.accumulate_batches <= num_batches,
        "trainer.accumulate_batches",
        cfg.trainer.accumulate_batches,
        f"at most {num_batches}, the number of batches in an epoch",
    )
    _require(
        cfg.lr_requested in (None, AUTO), "lr_requested", cfg.lr_requested, f"{AUTO} or null; a run sets it itself"
    )


def _check_interval(cfg: Any) -> None:
    _require(cfg.interval in (None, *INTERVALS), "interval", cfg.interval, f"one of {', '.join(INTERVALS)}, or null")
    interval = cfg.interval or cfg.scheduler.get("interval")
    _require(interval in INTERVALS, "scheduler.interval", interval, f"one of {', '.join(INTERVALS)}")
    if cfg.seconds is not None and interval != "second" and cfg.scheduler.get("monitor") is None:
        raise UsageError(
            f"seconds={cfg.seconds:g} is a wall-clock run, but a tick of scheduler={cfg.scheduler.get('name')} is "
            f"one {interval}; add interval=second, or give epochs instead of seconds"
        )


def _check_data(data: Any) -> None:
    _require(
        1 <= data.num_val < data.num_train,
        "data.num_val",
        data.num_val,
        f"at least 1 and less than the {data.num_train} examples of the official training set it is taken from",
    )
    mean, std = data.mean, data.std
    _require(mean is None or math.isfinite(mean), "data.mean", mean, "a finite number, or null to compute it")
    _require(std is None or 0 < std < math.inf, "data.std", std, "a finite number above 0, or null to compute it")


def _check_test(data: Any) -> None:
    for key in ("num_test", "num_classes"):
        _require(data[key] >= 1, f"data.{key}", data[key], _POSITIVE_INTEGER)
    thresholds = list(data.thresholds)
    _require(
        all(0 < accuracy <= 1 for accuracy in thresholds) and len(set(thresholds)) == len(thresholds),
        "data.thresholds",
        thresholds,
        "accuracies above 0 and at most 1, each given once",
    )
    margin = data.equivalence_margin
    _require(0 <= margin < 1, "data.equivalence_margin", margin, "a test error from 0 to below 1")


def _check_trainer(trainer: Any) -> None:
    _require(trainer.precision in PRECISIONS, "trainer.precision", trainer.precision, f"one of {', '.join(PRECISIONS)}")
    _require(
        re.fullmatch(r"auto|cpu|cuda(:\d+)?", trainer.device) is not None,
        "trainer.device",
        trainer.device,
        "auto, cpu, cuda or cuda:N",
    )
    if trainer.device == "cpu" and trainer.precision == "fp16":
        raise UsageError("trainer.precision=fp16 needs a GPU; on the CPU use fp32 or bf16")
    for key in ("accumulate_batches", "eval_batch_size"):
        _require(trainer[key] >= 1, f"trainer.{key}", trainer[key], _POSITIVE_INTEGER)
    threads, clip, smoothing = trainer.num_threads, trainer.clip_grad_norm, trainer.label_smoothing
    _require(threads is None or threads >= 1, "trainer.num_threads", threads, f"{_POSITIVE_INTEGER}, or null")
    _require(threads is None or threads <= MAX_THREADS, "trainer.num_threads", threads, f"at most {MAX_THREADS}")
    _require(clip is None or 0 < clip < math.inf, "trainer.clip_grad_norm", clip, "a number above 0, or null")
    _require(0 <= smoothing < 1, "trainer.label_smoothing", smoothing, "at least 0 and less than 1")


def check_components(config: Config) -> None:
    """Checks what only a resolved config shows.

    Raises:
        UsageError: a component has no name or target, the optimizer has no lr, or warmup outlasts the run.
    """
    for group in GROUPS:
        component = getattr(config, group)
        for key in ("name", "_target_"):
            if not isinstance(component.get(key), str):
                raise UsageError(f"{group}.{key}={as_text(component.get(key))}: must be a string")
        check_name(f"{group}.name", component["name"])
    check_name("data.name", config.data.name)
    if config.name is not None:
        check_name("name", config.name)
    for group in (*GROUPS, "callbacks"):
        _check_finite(group, getattr(config, group))
    if "lr" not in config.optimizer:
        raise UsageError(f"optimizer={config.optimizer['name']} has no lr; every schedule is a multiple of it")
    if config.total_steps is not None and config.warmup > config.total_steps:
        raise UsageError(f"warmup={config.warmup:g} is longer than the run's {config.total_steps} updates")


def _check_finite(key: str, value: object) -> None:
    """Rejects NaN and infinity in a component: neither torch nor JSON can do anything with them."""
    if isinstance(value, float):
        _require(math.isfinite(value), key, value, "a finite number")
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        _check_finite(f"{key}.{name}" if isinstance(value, dict) else f"{key}[{name}]", item)


def _require(is_valid: bool, key: str, value: object, allowed: str) -> None:
    if not is_valid:
        raise UsageError(f"{key}={as_text(value)}: must be {allowed}")
