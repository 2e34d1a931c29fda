"""What a sweep will run: its jobs as lists of overrides, each with its config, its folder and what is there already."""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict

from src.config import CONF
from src.config.compose import load_config, refusing
from src.config.identity import config_hash
from src.config.schema import Config
from src.errors import FolderTakenError, UsageError
from src.files import write_text
from src.runs.record import RunRecord, find_record
from src.status import FINISHED

FILE = "sweep.json"
COMMAND = list(sys.orig_argv)  # as it was typed
_MULTIRUN = "hydra.mode=MULTIRUN"


@dataclass(frozen=True)
class Job:
    """One run of a sweep."""

    overrides: tuple[str, ...]
    config: Config
    folder: Path

    def record(self) -> RunRecord | None:
        """The record in the job's folder.

        Raises:
            FolderTakenError: it is another run's.
        """
        record = find_record(self.folder)
        if record is not None and record.config_hash != config_hash(self.config):
            raise FolderTakenError(
                f"{self.folder} holds another run (config hash {record.config_hash}), which is not overwritten; choose "
                "another name=NAME or hydra.sweep.dir=DIR, or move that one away"
            )
        return record

    def status(self) -> str:
        """The record's status, or "new" where there is none."""
        record = self.record()
        return "new" if record is None else record.status

    @property
    def is_finished(self) -> bool:
        return self.status() in FINISHED


@dataclass(frozen=True)
class Plan:
    """A sweep's jobs, and the Hydra (config loader, launcher, folder) that they are started under."""

    folder: Path
    jobs: list[Job]
    hydra: Hydra
    master: DictConfig

    def unfinished(self) -> list[Job]:
        return [job for job in self.jobs if not job.is_finished]

    def without_result(self) -> list[Job]:
        """Those that came to no end, not even by failing."""
        return [job for job in self.jobs if job.status() in ("new", "interrupted")]

    @property
    def settings(self) -> list[Config]:
        """A config of each group of jobs that differ in nothing but the seed."""
        distinct = {_without_seed(job.overrides): job.config for job in reversed(self.jobs)}
        return list(distinct.values())[::-1]

    @property
    def runs_here(self) -> bool:
        """Whether the jobs run on this machine, and not on the nodes of a cluster."""
        return str(self.master.hydra.launcher._target_).rpartition(".")[2] in ("BasicLauncher", "JoblibLauncher")


def make_plan(overrides: Sequence[str], jobs: Sequence[Sequence[str]] | None = None) -> Plan:
    """Plans every combination of `overrides`, which may sweep (`seed=0,1,2`), or the given jobs.

    Args:
        overrides: Of the sweep: its folder and launcher, and what all jobs share.
        jobs: The overrides of each job, those that are shared among them.

    Raises:
        UsageError: an override names what is not there, or the config of a job is impossible.
    """
    with refusing():
        return _plan(overrides, jobs)


def _plan(overrides: Sequence[str], jobs: Sequence[Sequence[str]] | None) -> Plan:
    GlobalHydra.instance().clear()
    hydra = Hydra.create_main_hydra2("train", create_config_search_path(str(CONF)))
    master = hydra.compose_config(
        "train", [*overrides, _MULTIRUN], run_mode=RunMode.MULTIRUN, with_log_configuration=True
    )
    subdir = str(OmegaConf.to_container(master.hydra.sweep, resolve=False)["subdir"])  # type: ignore[index, call-overload]
    if "hydra.job.num" in subdir or "hydra.job.id" in subdir:
        raise UsageError(
            f"hydra.sweep.subdir={subdir}: a run is found again by its overrides, and the numbers of jobs change as "
            "runs are completed; name it by ${hydra.job.override_dirname} or leave it as it is"
        )
    folder = Path(master.hydra.sweep.dir)
    with open_dict(master):  # fixed for every job, also for one that a cluster starts in another working directory
        master.hydra.sweep.dir = str(folder.absolute())
    composed: dict[tuple[str, ...], DictConfig] = {}
    planned = []
    for number, job in enumerate(_combinations(overrides, hydra) if jobs is None else map(tuple, jobs)):
        setting = _without_seed(job)
        if setting not in composed:  # composing takes a tenth of a second, and a seed changes one value
            composed[setting] = hydra.config_loader.load_sweep_config(master, list(setting))
        planned.append(_job(number, job, composed[setting], folder))
    for each in planned:
        each.record()  # refused here, before the first job, where it is another run's
    return Plan(folder, planned, hydra, master)


def planned_before(folder: Path) -> list[dict[str, Any]]:
    """The jobs in the folder's `sweep.json`: `folder`, relative to it, and `overrides`; none where it has none."""
    try:
        content = json.loads((folder / FILE).read_text())
    except (OSError, ValueError):
        return []
    return list(content.get("jobs") or []) if isinstance(content, dict) else []


def write_sweep_file(*plans: Plan, protocol: dict[str, Any] | None = None) -> None:
    """`sweep.json`: the plans of one sweep, the command that made them, the protocol, and the state of the code."""
    from src.runs.provenance import git_state

    folder = plans[0].folder
    jobs = {job.folder: job for plan in plans for job in plan.jobs}
    content = {
        "command": COMMAND,
        "planned_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "provenance": git_state(),
        "protocol": protocol,
        "jobs": [{"folder": str(path.relative_to(folder)), "overrides": job.overrides} for path, job in jobs.items()],
    }
    write_text(folder / FILE, json.dumps(content, indent=2) + "\n")


def _job(number: int, overrides: tuple[str, ...], composed: DictConfig, sweep_folder: Path) -> Job:
    cfg = copy.deepcopy(composed)
    seeds = [line.partition("=")[2] for line in overrides if line.startswith("seed=")]
    for seed in seeds:
        OmegaConf.update(cfg, "seed", int(seed) if seed.isdigit() else seed)
    with open_dict(cfg):
        cfg.hydra.job.num = number
        folder = sweep_folder / str(cfg.hydra.sweep.subdir)
        del cfg["hydra"]
    return Job(overrides, load_config(cfg), folder)


def _combinations(overrides: Sequence[str], hydra: Hydra) -> list[tuple[str, ...]]:
    """Every combination of the values that overrides name, in the order of Hydra's own sweeper."""
    parsed = OverridesParser.create(config_loader=hydra.config_loader).parse_overrides(list(overrides))
    batches = BasicSweeper.split_arguments([each for each in parsed if not each.is_hydra_override()], None)
    return [tuple(job) for batch in batches for job in batch]


def _without_seed(overrides: Sequence[str]) -> tuple[str, ...]:
    return tuple(line for line in overrides if not line.startswith("seed="))
