"""A job that notes the GPU of its worker. Imports little, because every worker imports it."""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

NUM_WORKERS = 3


def report_gpu(cfg: DictConfig, varied: Collection[str]) -> None:
    """Lasts until every worker has a GPU."""
    folder = Path(HydraConfig.get().sweep.dir)
    (folder / f"{os.environ['CUDA_VISIBLE_DEVICES']}-{os.getpid()}").touch()
    deadline = time.monotonic() + 60
    while len(list(folder.glob("*-*"))) < NUM_WORKERS and time.monotonic() < deadline:
        time.sleep(0.02)
