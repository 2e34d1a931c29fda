"""What a sweep will run: its jobs as lists of overrides, each with its config, its folder and what is there already."""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict

from src import config
from src.atomic import write_text
from src.config import CONF, Config
from src.records import find_record

FILE = "sweep.json"
_MULTIRUN = "hydra.mode=MULTIRUN"


@dataclass(frozen=True)
class Job:
    """One run of a sweep. `status` is its record's, or "new" where it has none."""

    overrides: tuple[str, ...]
    config: Config
    folder: Path
    status: str

    @property
    def is_finished(self) -> bool:
        return self.status in ("completed", "diverged")


@dataclass(frozen=True)
class Plan:
    """A sweep's jobs, and the Hydra (config loader, launcher, folder) that they are started under."""

    folder: Path
    jobs: list[Job]
    hydra: Hydra
    master: DictConfig

    @property
    def unfinished(self) -> list[Job]:
        return [job for job in self.jobs if not job.is_finished]

    @property
    def settings(self) -> list[Config]:
        """A config of each group of jobs that differ in nothing but the seed."""
        distinct = {_without_seed(job.overrides): job.config for job in reversed(self.jobs)}
        return list(distinct.values())[::-1]


def make_plan(overrides: Sequence[str]) -> Plan:
    """Plans every combination of `overrides`, which may sweep (`seed=0,1,2`).

    Raises:
        UsageError: the config of a job is impossible.
        hydra.errors.HydraException: an override names what is not there.
    """
    GlobalHydra.instance().clear()
    hydra = Hydra.create_main_hydra2("train", create_config_search_path(str(CONF)))
    master = hydra.compose_config(
        "train", [*overrides, _MULTIRUN], run_mode=RunMode.MULTIRUN, with_log_configuration=True
    )
    folder = Path(master.hydra.sweep.dir)  # resolved here first, which fixes it for every job
    composed: dict[tuple[str, ...], DictConfig] = {}
    jobs = []
    for job in _combinations(overrides):
        setting = _without_seed(job)
        if setting not in composed:  # composing takes a tenth of a second, and a seed changes one value
            composed[setting] = hydra.config_loader.load_sweep_config(master, list(setting))
        jobs.append(_job(job, composed[setting], folder))
    return Plan(folder, jobs, hydra, master)


def write_sweep_file(plan: Plan) -> None:
    """`sweep.json`: the plan, and the command that made it."""
    content = {
        "command": sys.argv,
        "planned_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "jobs": [{"folder": str(job.folder.relative_to(plan.folder)), "overrides": job.overrides} for job in plan.jobs],
    }
    write_text(plan.folder / FILE, json.dumps(content, indent=2) + "\n")


def _job(overrides: tuple[str, ...], composed: DictConfig, sweep_folder: Path) -> Job:
    cfg = copy.deepcopy(composed)
    seeds = [line.partition("=")[2] for line in overrides if line.startswith("seed=")]
    for seed in seeds:
        OmegaConf.update(cfg, "seed", int(seed) if seed.isdigit() else seed)
    folder = sweep_folder / cfg.hydra.sweep.subdir
    with open_dict(cfg):
        del cfg["hydra"]
    record = find_record(folder)
    return Job(overrides, config.load(cfg), folder, "new" if record is None else record.status)


def _combinations(overrides: Sequence[str]) -> list[tuple[str, ...]]:
    """Every combination of the values that overrides name, in the order of Hydra's own sweeper."""
    parsed = OverridesParser.create().parse_overrides(list(overrides))
    batches = BasicSweeper.split_arguments([each for each in parsed if not each.is_hydra_override()], None)
    return [tuple(job) for batch in batches for job in batch]


def _without_seed(overrides: Sequence[str]) -> tuple[str, ...]:
    return tuple(line for line in overrides if not line.startswith("seed="))
