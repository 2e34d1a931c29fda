"""Provenance of a run: versions and machine."""

from __future__ import annotations

import os

import torch

from src.runs.provenance import provenance


def test_provenance_names_packages_and_machine() -> None:
    content = provenance(torch.device("cpu"), num_workers=2)
    number, *_ = torch.__version__.partition("+")  # a wheel from PyPI does not name its CUDA version
    assert content["packages"]["torch"].partition("+")[0] == number
    assert content["num_threads"] == torch.get_num_threads()
    assert content["num_workers"] == 2
    assert {"python", "deterministic"} <= content.keys()
    model, _, cores = content["device"].partition(", ")
    assert model
    assert cores == f"{os.cpu_count()} cores"
