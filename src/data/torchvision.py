"""Imports torchvision next to a torch build that cannot load torchvision's operators.

Runs do not import torchvision. The speed benchmark loads data with it, and the tests compare our data sets with it.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

import torch


def import_torchvision(name: str = "torchvision") -> ModuleType:
    """Imports `torchvision` or one of its modules.

    The torchvision wheel on PyPI is built for CUDA. A CPU-only torch cannot load its operators, and the import fails
    because torchvision registers fake kernels for operators that do not exist. Declaring their schemas is enough, since
    `datasets` and `transforms` do not call them.
    """
    try:
        return importlib.import_module(name)
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
    for module in [module for module in sys.modules if module.partition(".")[0] == "torchvision"]:
        del sys.modules[module]  # partially imported
    torch.library.define("torchvision::nms", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    torch.library.define("torchvision::qnms", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return importlib.import_module(name)


def dataset_class(source: str) -> Any:
    """Returns a data set class by its full name, for example `torchvision.datasets.MNIST`."""
    module, _, name = source.rpartition(".")
    return getattr(import_torchvision(module), name)
