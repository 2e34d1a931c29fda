"""Selection of device and precision."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
import torch

from src.errors import UsageError
from src.training.device import configure_torch, select_device, select_precision
from tests.conftest import make_config

CPU = torch.device("cpu")


def test_auto_precision_is_fp32_on_the_cpu() -> None:
    assert select_precision("auto", CPU).name == "fp32"
    assert select_precision("auto", CPU).autocast_dtype is None


class Gpu:
    """A GPU with the given compute capability."""

    def __init__(self, major: int) -> None:
        self.major = major


@pytest.mark.parametrize(("major", "name"), [(9, "bf16"), (8, "bf16"), (7, "fp16")])
def test_auto_precision_on_a_gpu_is_bf16_if_native_else_fp16(
    major: int, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device", lambda device: nullcontext())
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: Gpu(major))
    precision = select_precision("auto", torch.device("cuda"))
    assert precision.name == name
    assert precision.scales_gradients is (name == "fp16")


def test_fp16_on_the_cpu_is_refused() -> None:
    with pytest.raises(UsageError, match="use fp32 or bf16"):
        select_precision("fp16", CPU)


def test_missing_gpu_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert select_device("auto") == CPU
    with pytest.raises(UsageError, match="torch sees 0 CUDA devices"):
        select_device("cuda")


@pytest.mark.parametrize(("precision", "of_convolutions"), [("fp32", "ieee"), ("bf16", "tf32")])
def test_convolutions_in_fp32_do_not_use_tf32(precision: str, of_convolutions: str) -> None:
    before = torch.backends.cudnn.conv.fp32_precision
    try:
        configure_torch(make_config().trainer, select_precision(precision, CPU))
        assert torch.backends.cudnn.conv.fp32_precision == of_convolutions
    finally:
        torch.backends.cudnn.conv.fp32_precision = before
