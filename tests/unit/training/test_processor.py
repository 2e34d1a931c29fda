"""The processor's exact model."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from src.training import processor as processors
from src.training.processor import processor, processor_name

CORE = "vendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 1\nmodel name\t: AMD EPYC\nstepping\t: 1\n"


@pytest.fixture
def cpuinfo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "cpuinfo"
    monkeypatch.setattr(processors, "_CPUINFO", path)
    return path


def test_processors_of_the_same_name_are_told_apart(cpuinfo: Path) -> None:
    cpuinfo.write_text(f"{CORE}\n{CORE}\n")
    assert processor_name() == "AMD EPYC"
    assert processor()["model"] == "AMD EPYC (family 25, model 1, stepping 1)"
    cpuinfo.write_text(CORE.replace("25", "26"))
    assert processor()["model"] == "AMD EPYC (family 26, model 1, stepping 1)"


def test_processor_without_a_name_has_its_numbers(cpuinfo: Path) -> None:
    cpuinfo.write_text("processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\nCPU revision\t: 1\n")
    assert processor()["model"].endswith(" (implementer 0x41, part 0xd0c, revision 1)")


def test_processor_has_a_name_without_cpuinfo(cpuinfo: Path) -> None:
    assert not cpuinfo.exists()
    assert processor()["model"] == processor_name() != ""


def test_instruction_set_is_that_of_torch() -> None:
    assert processor()["instruction_set"] == torch.backends.cpu.get_cpu_capability()
