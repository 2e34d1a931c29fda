"""Where and how a run is computed: seeds, device, precision, provenance."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from src.config import TrainerConfig
from src.errors import UsageError

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


@dataclass(frozen=True)
class Precision:
    """What the forward pass computes in; `autocast_dtype` None is plain float32."""

    name: str
    autocast_dtype: torch.dtype | None

    @property
    def scales_gradients(self) -> bool:
        """fp16 alone has so small a range that gradients must be scaled."""
        return self.autocast_dtype is torch.float16


def derived_seed(seed: int, *purpose: str | int) -> int:
    """A 63-bit seed for one purpose, independent of every other purpose's."""
    text = "/".join(map(str, (seed, *purpose)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(seed: int, *purpose: str | int) -> torch.Generator:
    return torch.Generator().manual_seed(derived_seed(seed, *purpose))


def select_device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(name)
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device.type == "cuda" and (device.index or 0) >= count:
        raise UsageError(f"trainer.device={name}: torch sees {count} CUDA devices here; use trainer.device=auto")
    return device


def select_precision(name: str, device: torch.device) -> Precision:
    if name == "auto":
        name = "fp32" if device.type == "cpu" else "bf16" if _has_bf16(device) else "fp16"
    if name == "fp16" and device.type == "cpu":
        raise UsageError("trainer.precision=fp16 needs a GPU, and this run is on the CPU; use fp32 or bf16")
    dtypes = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}
    return Precision(name, dtypes[name])


def _has_bf16(device: torch.device) -> bool:
    """Whether the GPU computes in bf16 itself; older ones emulate it, slower than fp16."""
    with torch.cuda.device(device):
        return torch.cuda.is_bf16_supported(including_emulation=False)


def configure_torch(trainer: TrainerConfig, precision: Precision) -> None:
    if trainer.num_threads is not None:
        torch.set_num_threads(trainer.num_threads)
    if trainer.deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS demands it and reads it once
    torch.use_deterministic_algorithms(trainer.deterministic)
    torch.backends.cudnn.allow_tf32 = precision.name != "fp32"  # fp32 means fp32, also in convolutions
    torch.backends.cudnn.benchmark = not trainer.deterministic  # every batch but the last has one shape


def provenance(device: torch.device | None) -> dict[str, Any]:
    """What a referee asks about beside the code: versions, hardware, determinism. The device may be unknown."""
    return {
        "python": platform.python_version(),
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
        "platform": platform.platform(),
        "device": None if device is None else device_name(device),
        "num_threads": torch.get_num_threads(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "cudnn_benchmark": torch.backends.cudnn.benchmark,
        "cudnn_allow_tf32": torch.backends.cudnn.allow_tf32,
    }


def device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{_processor()}, {os.cpu_count()} cores"


def _processor() -> str:
    """Its model; Python knows no more than the architecture on Linux."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def git_state() -> dict[str, Any]:
    """The commit of this code and whether it was changed since; nulls outside a git checkout."""
    commit = _git("rev-parse", "HEAD")
    changed = _git("status", "--porcelain")
    return {"git_sha": commit, "git_dirty": None if changed is None else changed != ""}


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=Path(__file__).parent, capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
