"""Device, precision and torch settings."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch

from src.config.schema import TrainerConfig
from src.errors import UsageError
from src.training.processor import processor_name


@dataclass(frozen=True)
class Precision:
    """Precision of the forward pass; `autocast_dtype` is None for plain float32."""

    name: str
    autocast_dtype: torch.dtype | None

    @property
    def scales_gradients(self) -> bool:
        """Only fp16 has so small a range that gradients must be scaled."""
        return self.autocast_dtype is torch.float16

    def autocast(self, device: torch.device) -> AbstractContextManager[Any]:
        """The context of a forward pass."""
        if self.autocast_dtype is None:
            return nullcontext()
        return torch.autocast(device.type, dtype=self.autocast_dtype)


FP32 = Precision("fp32", None)


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
    """Whether the GPU supports bf16 natively; older ones emulate it, slower than fp16."""
    with torch.cuda.device(device):
        return torch.cuda.is_bf16_supported(including_emulation=False)


def configure_torch(trainer: TrainerConfig, precision: Precision) -> None:
    if trainer.num_threads is not None:
        torch.set_num_threads(trainer.num_threads)
    if trainer.deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS requires it and reads it once
    if trainer.deterministic != torch.are_deterministic_algorithms_enabled():  # setting it imports torch's compiler
        torch.use_deterministic_algorithms(trainer.deterministic)
    # fp32 means fp32 in convolutions too, which cuDNN computes in TF32 by default.
    torch.backends.cudnn.conv.fp32_precision = "ieee" if precision.name == "fp32" else "tf32"  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = not trainer.deterministic  # all batches but the last have the same shape


def device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{processor_name()}, {os.cpu_count()} cores"
