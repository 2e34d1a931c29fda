"""Fabricated runs of a tuned sweep, without folders."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from src.analysis.workloads import WORKLOAD

MARGIN = 0.0005
_COMMON = {
    **dict.fromkeys(WORKLOAD, ""),
    "dataset": "mnist", "model": "lenet", "optimizer": "sgd", "epochs": 5, "seconds": math.nan, "timed_on": "",
    "device_type": "cpu", "precision": "fp32", "validation_examples": "0123", "setup": "",
    "batch_size": 128, "warmup": 0.0, "replicate": -1, "train_seconds": 1.0, "averaged_test_accuracy": math.nan,
    "averaged_test_loss": math.nan, "mean_val_accuracy": 0.9, "test_loss": 0.1, "val_loss": 0.1,
    "settings": {"data.equivalence_margin": MARGIN},
}  # fmt: skip

Errors = Sequence[float | None]  # None for a diverged run


def tuning_runs(errors: Mapping[str, Mapping[float, Errors]], first_seed: int = 1000) -> pd.DataFrame:
    """Tuning runs from validation errors by schedule and rate, one per seed."""
    return pd.concat(
        _runs(name, lr, values, first_seed, read_test=False)
        for name, rates in errors.items()
        for lr, values in rates.items()
    )


def evaluation_runs_at(errors: Mapping[str, tuple[float, Errors]]) -> pd.DataFrame:
    """Evaluation runs from a rate and test errors by schedule, one per seed."""
    return pd.concat(_runs(name, lr, values, 0, read_test=True) for name, (lr, values) in errors.items())


def _runs(scheduler: str, lr: float, errors: Errors, first_seed: int, *, read_test: bool) -> pd.DataFrame:
    rows = []
    for seed, error in enumerate(errors, first_seed):
        accuracy = math.nan if error is None else 1 - error
        rows.append({
            **_COMMON, "scheduler": scheduler, "label": scheduler, "lr": lr, "seed": seed, "read_test": read_test,
            "status": "diverged" if error is None else "completed", "setting": f"{scheduler} {lr}",
            "val_accuracy": accuracy, "test_accuracy": accuracy if read_test else math.nan,
        })  # fmt: skip
    return pd.DataFrame(rows)
