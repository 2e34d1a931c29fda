"""Run folders with made-up metrics, so that every number in a table is known in advance."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf

from src.config import CONF
from src.config.compose import load_config
from src.config.identity import config_hash, identity
from src.config.schema import Config
from src.data.dataset import validation_digest
from src.runs.record import RunRecord, write_record
from tests.conftest import SMALL, composed

MakeRun = Callable[..., Path]
PROVENANCE: dict[str, Any] = {
    "packages": {"torch": "2.13.0", "numpy": "2.4.6"},
    "device": "AMD EPYC, 2 cores",
    "cpu": {"model": "AMD EPYC (family 26, model 2, stepping 1)", "num_cores": 2, "instruction_set": "AVX512"},
    "num_threads": 1,
    "num_workers": 2,
    "git_sha": "0123456789abcdef0123456789abcdef01234567",
    "git_dirty": False,
}
GPU: dict[str, Any] = {
    "device_type": "cuda",
    "precision": "bf16",
    "provenance": PROVENANCE | {"device": "NVIDIA H100 80GB HBM3"},
}
NO_DEVICE: dict[str, Any] = {  # a run that failed before it had one
    "status": "failed",
    "device_type": None,
    "precision": None,
    "validation_examples": None,
    "provenance": PROVENANCE | {"device": None},
}
GROUPS = {path.name for path in CONF.iterdir() if path.is_dir()}


def config_of(*overrides: str) -> Config:
    """The same config as `small_config(*overrides)`, but values are set after composing, which is much faster."""
    settings = {"seed": "0"} | dict(line.split("=", 1) for line in overrides)
    seed = int(settings.pop("seed"))
    composed_first = {key for key in settings if key in GROUPS or key.startswith("+")}
    choices = tuple(f"{key}={value}" for key, value in settings.items() if key in composed_first)
    values = tuple(f"{key}={value}" for key, value in settings.items() if key not in composed_first)
    return replace(_loaded(choices, values), seed=seed)


@functools.cache
def _loaded(choices: tuple[str, ...], values: tuple[str, ...]) -> Config:
    config = OmegaConf.merge(_composed(*SMALL, *choices), OmegaConf.from_dotlist(list(values)))
    assert isinstance(config, DictConfig)
    return load_config(config)


_composed = functools.cache(composed)


def record_of(
    config: Config,
    *,
    accuracy: float | None = 0.9,
    averaged: float | None = None,
    val_loss: float | None = 0.5,
    reached: dict[str, int | None] | None = None,
    status: str = "completed",
    **fields: Any,
) -> RunRecord:
    """The record of a run of `config` with the given metrics and any other fields."""
    is_completed = status == "completed"
    is_tested = is_completed and config.read_test
    record = RunRecord(
        status=status,
        dataset=config.data.name,
        dataset_requested=config.data.name,
        model=config.model["name"],
        optimizer=config.optimizer["name"],
        scheduler=config.scheduler["name"],
        lr=None if config.optimizer["lr"] == "auto" else config.optimizer["lr"],
        averaging=config.averaging["name"],
        warmup=config.warmup,
        epochs=config.epochs,
        seconds=config.seconds,
        batch_size=config.batch_size,
        seed=config.seed,
        config_hash=config_hash(config),
        config=identity(config),
        test_accuracy=accuracy if is_tested else None,
        test_loss=1 - accuracy if is_tested and accuracy is not None else None,
        averaged_test_accuracy=averaged if is_tested else None,
        val_accuracy=accuracy,
        val_loss=val_loss if is_completed else None,
        steps=(config.total_steps or 100) if is_completed else 0,
        device_type="cpu",
        precision="fp32",
        validation_examples=validation_digest(config.data.num_train, config.data.num_val),
        read_test=config.read_test,
        mean_val_accuracy=accuracy,
        train_loss=0.4,
        train_seconds=2.0,
        time_to={
            target: None if epoch is None else {"epoch": epoch, "step": 2 * epoch, "seconds": float(epoch)}
            for target, epoch in (reached or {"0.8": 1, "0.99": None}).items()
        },
        error="RuntimeError: out of memory\n\nTraceback" if status == "failed" else None,
        started_at="2026-01-01T00:00:00+00:00",
        finished_at="2026-01-01T00:01:00+00:00",
        provenance=PROVENANCE,
    )
    return replace(record, **fields)


def write_run(record: RunRecord, folder: Path) -> None:
    """Writes a record, and histories and steps of its length; of two epochs and four updates if it did not complete."""
    write_record(record, folder)
    epochs, updates = (record.epochs, record.steps) if record.status == "completed" else (2, 4)
    (folder / "history.csv").write_text(
        "epoch,step,lr,train_loss,train_accuracy,val_loss,val_accuracy,train_seconds\n"
        + "".join(
            f"{epoch},{updates * epoch // epochs},{0.02 / epoch},{1 / epoch},0.5,{1.1 / epoch},0.6,{float(epoch)}\n"
            for epoch in range(1, epochs + 1)
        )
    )
    (folder / "steps.csv").write_text(
        "step,lr,loss\n" + "".join(f"{step},{0.02 / (1 + step)},{2.0 / (1 + step)}\n" for step in range(updates))
    )


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Writes the files of a run into a folder below `sweep`; returns the folder."""

    def make(*overrides: str, folder: str = "", **numbers: Any) -> Path:
        config = config_of(*overrides)
        target = tmp_path / "sweep" / (folder or config_hash(config))
        write_run(record_of(config, **numbers), target)
        return target

    return make


def make_winner(make_run: MakeRun, seeds: int, *overrides: str) -> None:
    """Runs in which cosine beats constant under every seed."""
    for seed in range(seeds):
        make_run("scheduler=constant", f"seed={seed}", *overrides, accuracy=0.90 + seed / 1000)
        make_run("scheduler=cosine", f"seed={seed}", *overrides, accuracy=0.95 + seed / 2000)
