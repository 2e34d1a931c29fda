"""Value checks beyond types."""

from __future__ import annotations

import math
import re
from typing import Any

from src.config.resolvers import AUTO
from src.config.schema import GROUPS, INTERVALS, PRECISIONS, Config
from src.errors import UsageError


def check_ranges(cfg: Any) -> None:
    """Checks what the resolvers rely on, before anything is resolved."""
    _require(cfg.seed >= 0, "seed", cfg.seed, "a whole number from 0")
    _require(cfg.epochs >= 1, "epochs", cfg.epochs, "a whole number from 1")
    _require(cfg.seconds is None or 0 < cfg.seconds < math.inf, "seconds", cfg.seconds, "a time above 0, or null")
    _check_data(cfg.data)
    train_size = cfg.data.num_train - cfg.data.num_val
    _require(
        1 <= cfg.batch_size <= train_size,
        "batch_size",
        cfg.batch_size,
        f"from 1 to the {train_size} training examples of {cfg.data.name}",
    )
    lr = cfg.optimizer.get("lr", 0.0)
    _require(
        lr == AUTO or (isinstance(lr, int | float) and not isinstance(lr, bool) and 0 <= lr < math.inf),
        "optimizer.lr",
        lr,
        f"a finite number from 0, or {AUTO}",
    )
    _require(
        0 <= cfg.warmup < 1 or (1 <= cfg.warmup < math.inf and cfg.warmup == int(cfg.warmup)),
        "warmup",
        cfg.warmup,
        "a fraction of the run below 1, or a whole number of updates from 1",
    )
    _require(cfg.interval in (None, *INTERVALS), "interval", cfg.interval, f"one of {', '.join(INTERVALS)}, or null")
    interval = cfg.interval or cfg.scheduler.get("interval")
    _require(interval in INTERVALS, "scheduler.interval", interval, f"one of {', '.join(INTERVALS)}")
    if cfg.seconds is not None and interval != "second" and cfg.scheduler.get("monitor") is None:
        raise UsageError(
            f"seconds={cfg.seconds:g} is a wall-clock run, but a tick of scheduler={cfg.scheduler.get('name')} is "
            f"one {interval}; add interval=second, or give epochs instead of seconds"
        )
    _check_trainer(cfg.trainer)


def _check_data(data: Any) -> None:
    _require(
        1 <= data.num_val < data.num_train,
        "data.num_val",
        data.num_val,
        f"from 1 to below the {data.num_train} examples of the official training set, from which it is cut",
    )
    _require(math.isfinite(data.mean), "data.mean", data.mean, "a finite number")
    _require(0 < data.std < math.inf, "data.std", data.std, "a finite number above 0")


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
    count = "a whole number from 1"
    _require(trainer.accumulate_batches >= 1, "trainer.accumulate_batches", trainer.accumulate_batches, count)
    _require(trainer.eval_batch_size >= 1, "trainer.eval_batch_size", trainer.eval_batch_size, count)
    _require(trainer.num_threads is None or trainer.num_threads >= 1, "trainer.num_threads", trainer.num_threads, count)
    clip = trainer.clip_grad_norm
    _require(clip is None or clip > 0, "trainer.clip_grad_norm", clip, "a number above 0, or null")
    smoothing = trainer.label_smoothing
    _require(0 <= smoothing < 1, "trainer.label_smoothing", smoothing, "from 0 to below 1")


def check_components(config: Config) -> None:
    for group in GROUPS:
        component = getattr(config, group)
        for key in ("name", "_target_"):
            if not isinstance(component.get(key), str):
                raise UsageError(f"{group}.{key}={component.get(key)!r}: must be a text")
    if "lr" not in config.optimizer:
        raise UsageError(f"optimizer={config.optimizer['name']} has no lr; every schedule is a multiple of it")
    if config.total_steps is not None and config.warmup > config.total_steps:
        raise UsageError(f"warmup={config.warmup:g} is longer than the run's {config.total_steps} updates")


def _require(holds: bool, key: str, value: object, allowed: str) -> None:
    if not holds:
        raise UsageError(f"{key}={value}: must be {allowed}")
