"""The files that Hydra writes for the job it starts, for the other jobs of a pack."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig, flag_override

from src.config.compose import load_config
from src.runs.job import write_hydra_config
from src.terminal import LogFile

if TYPE_CHECKING:
    from src.runs.pack import PackedRun

Compose = Callable[[Sequence[str]], DictConfig]


def packed_run(cfg: DictConfig, add_log_file: Callable[[Path], None]) -> PackedRun:
    """The run of a composed config. When its folder is claimed, it gets the files of .hydra and a log file."""
    from src.runs.pack import PackedRun  # imports torch

    folder = (Path(cfg.hydra.sweep.dir) / str(cfg.hydra.sweep.subdir)).absolute()
    hydra = cfg.hydra
    with flag_override(cfg, ["readonly", "struct"], False), flag_override(hydra.runtime, "readonly", False):
        hydra.runtime.output_dir = str(folder)
    task_cfg = cfg.copy()
    with flag_override(task_cfg, ["readonly", "struct"], False):
        del task_cfg["hydra"]

    def write_files() -> None:
        write_hydra_config(task_cfg, hydra, folder)
        add_log_file(folder)

    return PackedRun(load_config(cfg), folder, write_files)


@contextmanager
def log_files() -> Iterator[Callable[[Path], None]]:
    """A function that makes the log of this job go into one more folder, until the context ends."""
    root = logging.getLogger()
    files = [handler for handler in root.handlers if isinstance(handler, LogFile)]
    copies: list[LogFile] = []

    def add(folder: Path) -> None:
        for file in files:
            path = folder / Path(file.baseFilename).name
            if path != Path(file.baseFilename):
                copies.append(LogFile(path, delay=True))
                copies[-1].setFormatter(file.formatter)
                root.addHandler(copies[-1])

    try:
        yield add
    finally:
        for handler in copies:
            root.removeHandler(handler)
            handler.close()
