"""Adapter to Hydra's internals: composes a multirun, lists its jobs and starts them on its launcher.

Written for hydra-core 1.3.8; the 1.3 series has no public API for any of this. Only this module imports
`hydra._internal`: check this file and the message patterns in src/config/hydra_errors.py when Hydra is upgraded.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hydra._internal.callbacks import Callbacks
from hydra._internal.config_loader_impl import get_overrides_dirname
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.plugins import Plugins
from hydra.types import HydraContext, RunMode, TaskFunction
from omegaconf import DictConfig

from src.config import CONF
from src.config.override_checks import check_group, check_owner
from src.sweeps.initializer import initialize_worker
from src.sweeps.workers import is_stopping

NOISY_LOGGERS = ("hydra_plugins", "hydra._internal.core_plugins")  # launchers that print every job they start


@dataclass(frozen=True)
class Multirun:
    """A composed multirun: its config, and the loader that composes the configs of its jobs."""

    config: DictConfig
    loader: ConfigLoader

    @property
    def launcher(self) -> DictConfig:
        launcher: DictConfig = self.config.hydra.launcher
        return launcher

    @property
    def launcher_class(self) -> str:
        """The name of the launcher's class, for instance `JoblibLauncher`."""
        return str(self.launcher._target_).rpartition(".")[2]

    def compose_job(self, overrides: Sequence[str]) -> DictConfig:
        return self.loader.load_sweep_config(self.config, list(overrides))

    def combinations(self, overrides: Sequence[str]) -> list[tuple[str, ...]]:
        """Every combination of the values in `overrides`, in the order of Hydra's basic sweeper."""
        parsed = OverridesParser.create(config_loader=self.loader).parse_overrides(list(overrides))
        batches = BasicSweeper.split_arguments([item for item in parsed if not item.is_hydra_override()], None)
        return [tuple(job) for batch in batches for job in batch]

    def launch(self, jobs: Sequence[Sequence[str]], task: TaskFunction, num_workers: int | None = None) -> None:
        """Runs `task` once per job, on the configured launcher.

        Args:
            jobs: The overrides of each job.
            task: Gets the config of a job.
            num_workers: How many processes joblib starts; by default what its launcher says.

        Raises:
            Exception: whatever the launcher or a job raised.
        """
        for name in NOISY_LOGGERS:
            logging.getLogger(name).setLevel(logging.WARNING)
        HydraConfig.instance().set_config(self.config)
        context = HydraContext(config_loader=self.loader, callbacks=Callbacks(self.config))
        launcher = Plugins.instance().instantiate_launcher(
            hydra_context=context, task_function=task, config=self.config
        )
        if isinstance(arguments := getattr(launcher, "joblib", None), dict):  # of joblib.Parallel
            arguments["initializer"] = initialize_worker
            if num_workers is not None:
                arguments["n_jobs"] = num_workers
        for job in launcher.launch(_UntilStopped(map(list, jobs)), initial_job_idx=0):
            _ = job.return_value  # raises what the job raised


class _UntilStopped(list[list[str]]):
    """Jobs for a launcher, of which it starts no more once the sweep is stopping.

    Each one would still be composed before it is skipped, which takes minutes for the thousands of a large sweep.
    """

    def __iter__(self) -> Iterator[list[str]]:
        return itertools.takewhile(lambda _: not is_stopping(), super().__iter__())


def override_dirname(config: DictConfig, overrides: Sequence[Override]) -> str:
    """The name that Hydra gives the folder of a job after its overrides."""
    style = config.hydra.job.config.override_dirname
    return str(get_overrides_dirname(list(overrides), list(style.exclude_keys), style.item_sep, style.kv_sep))


def compose_command(overrides: Sequence[str], *, may_sweep: bool = True) -> DictConfig:
    """Composes the primary config with Hydra's own settings, before it is known whether they ask for a multirun.

    Raises:
        Exception: whatever Hydra raises; several values for a key are an error unless `may_sweep`.
    """
    hydra = _create_hydra(overrides)
    try:
        return hydra.compose_config(
            "train",
            list(overrides),
            run_mode=RunMode.MULTIRUN if may_sweep else RunMode.RUN,
            validate_sweep_overrides=not may_sweep,
        )
    finally:
        GlobalHydra.instance().clear()


def compose_multirun(overrides: Sequence[str]) -> Multirun:
    """Composes the primary config as `--multirun` does, in a fresh Hydra."""
    hydra = _create_hydra(overrides)
    config = hydra.compose_config(
        "train", [*overrides, "hydra.mode=MULTIRUN"], run_mode=RunMode.MULTIRUN, with_log_configuration=True
    )
    return Multirun(config, hydra.config_loader)


def _create_hydra(overrides: Sequence[str]) -> Hydra:
    for line in overrides:
        check_owner(line)
        check_group(line, overrides)
    GlobalHydra.instance().clear()
    return Hydra.create_main_hydra2("train", create_config_search_path(str(CONF)))
