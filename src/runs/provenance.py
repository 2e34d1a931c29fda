"""Provenance of a run: packages, hardware, determinism flags."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch

from src.training.device import device_name
from src.training.processor import processor

PACKAGES = (
    "torch",
    "torchvision",
    "hydra-core",
    "omegaconf",
    "numpy",
    "scikit-learn",
    "pytorch-optimizer",
    "schedulefree",
)


def provenance(device: torch.device | None, num_workers: int | None) -> dict[str, Any]:
    """Package versions, hardware and determinism flags.

    Args:
        device: None if the run failed before it had one.
        num_workers: How many runs trained at the same time on this machine; None if unknown.
    """
    return {
        "python": platform.python_version(),
        "packages": {name: installed for name in PACKAGES if (installed := _version(name))},
        "platform": platform.platform(),
        "device": None if device is None else device_name(device),
        "cpu": processor(),
        "num_workers": num_workers,
        "num_threads": torch.get_num_threads(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "cudnn_benchmark": torch.backends.cudnn.benchmark,
        "cudnn_conv_fp32_precision": torch.backends.cudnn.conv.fp32_precision,  # type: ignore[attr-defined]
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
