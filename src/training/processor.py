"""The processor: its exact model, and the instruction set that torch uses on it.

Another model or instruction set rounds sums differently, and training amplifies the differences: two runs with the same
seed then end with different weights.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

import torch

_CPUINFO = Path("/proc/cpuinfo")
_NUMBERS = {  # what tells models of the same name apart, on x86 and on ARM
    "cpu family": "family",
    "model": "model",
    "stepping": "stepping",
    "CPU implementer": "implementer",
    "CPU part": "part",
    "CPU revision": "revision",
}


def processor() -> dict[str, Any]:
    """Model, number of cores and instruction set, as records store them."""
    return {
        "model": _model(),
        "num_cores": os.cpu_count() or 1,
        "instruction_set": torch.backends.cpu.get_cpu_capability(),
    }


def processor_name() -> str:
    """The name that the vendor gave it; on Linux, Python knows only the architecture."""
    return _cpuinfo().get("model name") or platform.processor() or platform.machine()


def _model() -> str:
    """`AMD EPYC (family 26, model 2, stepping 1)`; only the name where the numbers are unknown."""
    entries = _cpuinfo()
    numbers = [f"{label} {entries[key]}" for key, label in _NUMBERS.items() if entries.get(key)]
    return f"{processor_name()} ({', '.join(numbers)})" if numbers else processor_name()


def _cpuinfo() -> dict[str, str]:
    """The entries of the first core in /proc/cpuinfo; empty where there is no such file."""
    try:
        first_core = _CPUINFO.read_text().partition("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in first_core.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}
