"""Provenance of a run: code, packages, hardware, determinism flags."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
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


def git_state() -> dict[str, Any]:
    """The commit of this code and whether the tree has uncommitted changes; nulls outside a git checkout."""
    commit = _git("rev-parse", "HEAD")
    changes = _git("status", "--porcelain")
    return {"git_sha": commit, "git_dirty": None if changes is None else changes != ""}


def _git(*arguments: str) -> str | None:
    try:
        result = subprocess.run(
            ["git", *arguments], cwd=Path(__file__).parent, capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return result.stdout.strip()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
