"""The configuration: its schema and its checks. Imports nothing heavy: `--help` waits for it."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from src import resolvers
from src.errors import UsageError, one_line
from src.identity import MACHINE_KEYS, digest, flatten
from src.resolvers import AUTO, updates_per_epoch

CONF = Path(__file__).resolve().parents[1] / "conf"
GROUPS = ("model", "optimizer", "averaging", "scheduler")  # whose choices are classes or functions
INTERVALS = ("step", "epoch", "second")
PRECISIONS = ("auto", "fp32", "bf16", "fp16")

resolvers.register()


@dataclass
class DataConfig:
    """A data set; sizes are stated so that schedules know the run's length before any file is opened."""

    name: str
    source: str
    archives: dict[str, Any]
    num_train: int
    num_val: int
    num_test: int
    num_classes: int
    mean: float
    std: float
    thresholds: list[float]
    equivalence_margin: float
    root: str | None
    mirror: str | None
    fallback: str | None
    requested: str | None

    @property
    def train_size(self) -> int:
        """Examples that are trained on: the official training set less the validation set."""
        return self.num_train - self.num_val


@dataclass
class TrainerConfig:
    device: str
    precision: str
    accumulate_batches: int
    clip_grad_norm: float | None
    label_smoothing: float
    channels_last: bool
    fused: bool
    eval_batch_size: int
    num_threads: int | None
    deterministic: bool


@dataclass
class Config:
    """One run. The groups that name a `_target_` stay open: their parameters are those of the target."""

    data: DataConfig
    model: dict[str, Any]
    optimizer: dict[str, Any]
    averaging: dict[str, Any]
    scheduler: dict[str, Any]
    trainer: TrainerConfig
    seed: int
    epochs: int
    seconds: float | None
    batch_size: int
    warmup: float
    interval: str | None
    read_test: bool = True
    callbacks: dict[str, Any] = field(default_factory=dict)
    name: str | None = None

    @property
    def tick_interval(self) -> str:
        """What a tick of the schedule is."""
        return self.interval or str(self.scheduler.get("interval"))

    @property
    def updates_per_epoch(self) -> int:
        return updates_per_epoch(self.data.train_size, self.batch_size, self.trainer.accumulate_batches)

    @property
    def total_steps(self) -> int | None:
        """Updates in the run; None where its length is a time."""
        return None if self.seconds else self.epochs * self.updates_per_epoch

    @property
    def total_ticks(self) -> int | None:
        """Ticks of the schedule in the run; None where nothing bounds them."""
        by_interval = {
            "step": self.total_steps,
            "epoch": None if self.seconds else self.epochs,
            "second": math.ceil(self.seconds) if self.seconds else None,
        }
        return by_interval[self.tick_interval]


@dataclass(kw_only=True)
class FoundConfig(Config):
    """A config whose peak learning rate was found (`optimizer.lr=auto`), and the one that asked for it."""

    asked: Config


def at_lr(config: Config, lr: float) -> FoundConfig:
    """`config` with its `optimizer.lr=auto`, and every fraction of it, made numbers."""

    def settled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: settled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [settled(item) for item in value]
        if isinstance(value, str) and value.startswith(f"{AUTO}*"):
            return lr * float(value.removeprefix(f"{AUTO}*"))
        return value

    values = {each.name: getattr(config, each.name) for each in fields(config)}
    values |= {group: settled(values[group]) for group in (*GROUPS, "callbacks")}
    values["optimizer"]["lr"] = lr
    return FoundConfig(**values, asked=config)


def at_some_lr(config: Config) -> Config:
    """`config` itself or, where its peak learning rate is still to be found, at 1."""
    return at_lr(config, 1.0) if config.optimizer["lr"] == AUTO else config


def load(node: DictConfig) -> Config:
    """Checks a composed config and returns it with every interpolation resolved.

    Raises:
        UsageError: a type is wrong, a value is impossible, or two values contradict each other.
    """
    bare = OmegaConf.masked_copy(node, [str(key) for key in node if key != "hydra"])
    try:
        typed = OmegaConf.merge(OmegaConf.structured(Config), bare)
        _check_ranges(typed)
        config = OmegaConf.to_object(typed)
    except OmegaConfBaseException as error:
        raise UsageError(one_line(error)) from error
    assert isinstance(config, Config)
    _check_components(config)
    for group in GROUPS:
        _name_foreign_target(group, getattr(config, group))
    return config


def identity(config: Config) -> dict[str, Any]:
    """What a run was asked to compute, as dotted keys and plain values; what it was computed with is in its record."""
    asked = config.asked if isinstance(config, FoundConfig) else config
    return {key: value for key, value in flatten(asdict(asked)).items() if key not in MACHINE_KEYS}


def config_hash(config: Config) -> str:
    """Sixteen hex digits that name a run's identity."""
    return digest(identity(config))


def _name_foreign_target(group: str, component: dict[str, Any]) -> None:
    """A class of the user's own that was put into a choice's place is not called by that choice's name."""
    path = CONF / group / f"{component['name']}.yaml"
    if path.exists() and OmegaConf.select(OmegaConf.load(path), "_target_") != component["_target_"]:
        component["name"] = component["_target_"].rpartition(".")[2]


# --- checks ---------------------------------------------------------------------------------------------------------


def _check_ranges(cfg: Any) -> None:
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


def _check_components(config: Config) -> None:
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
