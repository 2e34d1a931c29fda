"""The plan of a sweep: its jobs, each with overrides, config and folder, and what is already on disk."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig, OmegaConf, open_dict

from src import layout
from src.analysis.own_files import check_own_files
from src.analysis.wording import count_noun
from src.announce import announcing
from src.config.auto_lr import wants_range_test, with_placeholder_lr
from src.config.compose import load_config, search_path
from src.config.folders import check_own_folder
from src.config.hydra_errors import rewording_composition, rewording_errors
from src.config.identity import config_hash
from src.config.schema import Config
from src.errors import UsageError
from src.files import check_files, check_folder
from src.runs.folder import check_run_folder
from src.runs.record import RunRecord, check_owner, find_record
from src.status import FINISHED
from src.sweeps.hydra_adapter import Multirun, compose_multirun
from src.sweeps.job_configs import JobConfigs
from src.sweeps.parallelism import check_workers, num_workers
from src.sweeps.sweeper import check_sweeper
from src.sweeps.values import check_values

NEW = "new"  # the status of a job without a record
PENDING = (NEW, "interrupted")  # statuses of jobs that have not ended, not even with a failure


@dataclass(frozen=True)
class Job:
    """One run of a sweep."""

    overrides: tuple[str, ...]
    config: Config
    folder: Path

    def record(self) -> RunRecord | None:
        """The record in the job's folder.

        Raises:
            FolderTakenError: the record belongs to another run.
        """
        record = find_record(self.folder)
        if record is not None:
            check_owner(self.folder, record.config_hash, config_hash(self.config))
        return record

    def status(self) -> str:
        """The status in the record, or "new" without one."""
        record = self.record()
        return NEW if record is None else record.status

    def was_started(self, since: float = 0.0) -> bool:
        """Whether the job has started, and not before `since` (seconds since the epoch)."""
        try:
            return (self.folder / layout.CONFIG_HASH).stat().st_mtime >= since
        except OSError:
            return False

    @property
    def is_finished(self) -> bool:
        return self.status() in FINISHED


@dataclass(frozen=True)
class Plan:
    """The jobs of a sweep, its folder, and the multirun that starts them. Those of a pack are trained in lockstep."""

    folder: Path
    jobs: list[Job]
    multirun: Multirun
    packs: tuple[tuple[Job, ...], ...] = ()

    def unfinished(self) -> list[Job]:
        """Jobs to run: new, interrupted and failed ones."""
        return [job for job in self.jobs if not job.is_finished]

    def without_result(self) -> list[Job]:
        """Jobs that have not ended, not even with a failure."""
        return [job for job in self.jobs if job.status() in PENDING]

    @property
    def settings(self) -> list[Config]:
        """One config per group of jobs that differ only in the seed."""
        distinct = {_without_seed(job.overrides): job.config for job in reversed(self.jobs)}
        return list(distinct.values())[::-1]

    @property
    def runs_here(self) -> bool:
        """Whether the jobs run on this machine rather than on the nodes of a cluster."""
        return self.multirun.launcher_class in ("BasicLauncher", "JoblibLauncher")


def make_plan(overrides: Sequence[str], jobs: Sequence[Sequence[str]] | None = None, *, dry_run: bool = False) -> Plan:
    """Plans `jobs` or, by default, every combination of the values in `overrides` (`seed=0,1,2`).

    Args:
        overrides: Overrides of the sweep: its folder, its launcher, and what all jobs share.
        jobs: The complete overrides of each job.
        dry_run: Run no range test; folder and status of a job with `optimizer.lr=auto` are then unknown.

    Raises:
        UsageError: an override is invalid, a job's config is impossible, or a folder holds another run or one that was
            made under other conditions.
    """
    if jobs is None:
        check_values(overrides)
    with rewording_composition(overrides):
        multirun = compose_multirun(overrides)
    check_sweeper(multirun.config.hydra.sweeper)
    check_workers(multirun.launcher)
    with rewording_errors():
        jobs = multirun.combinations(overrides) if jobs is None else jobs
        if not dry_run and any(map(wants_range_test, jobs)):
            jobs = _with_numeric_lrs(jobs, search_path(overrides))
            multirun = compose_multirun(overrides)  # range tests compose configs too, which ends its context
        folder = _fix_folder(multirun.config)
        with announcing(f"planning {count_noun(len(jobs), 'run')}"):
            planned = _make_jobs(multirun, jobs, folder)
    plan = Plan(folder, planned, multirun)
    check_files(folder, layout.SWEEP_FILES)  # now rather than when the report is written, after the last run
    check_own_files(folder)
    check_folder(folder / layout.FIGURES)
    _check_folders(planned, folder)
    for job in planned:
        record = job.record()  # refuses another run's folder before the first job starts
        if record is None or record.status not in FINISHED:
            check_run_folder(job.folder)
        elif plan.runs_here:
            _check_conditions(record, job, num_workers(multirun.launcher))
    return plan


def _check_conditions(record: RunRecord, job: Job, workers: int | None) -> None:
    from src.runs.conditions import check_conditions  # imports torch

    check_conditions(record, job.config, job.folder, workers)


def _check_folders(jobs: Sequence[Job], sweep_folder: Path) -> None:
    owners: dict[Path, Job] = {}
    for job in jobs:
        if Path(os.path.normpath(sweep_folder)) not in Path(os.path.normpath(job.folder)).parents:
            raise UsageError(
                f"hydra.sweep.subdir: {job.folder} is not a folder inside the sweep's, {sweep_folder}; name one, or "
                "leave hydra.sweep.subdir out"
            )
        owner = owners.setdefault(job.folder, job)
        if owner is not job and config_hash(owner.config) != config_hash(job.config):
            both = f"{' '.join(owner.overrides)} and {' '.join(job.overrides)}"
            raise UsageError(f"{job.folder} would hold two different runs, {both}; change hydra.sweep.subdir")


def _with_numeric_lrs(jobs: Sequence[Sequence[str]], search_path: list[str]) -> list[list[str]]:
    from src.runs.range_test import check_before_test, resolve_lr  # imports torch

    complete = [[*search_path, *job] for job in jobs]
    for job in complete:  # all of them before the first range test
        if wants_range_test(job):
            check_before_test(job)
    return [resolve_lr(job)[len(search_path) :] for job in complete]


def _fix_folder(config: DictConfig) -> Path:
    """The sweep's folder. The config gets its absolute path: a cluster may start jobs in another working directory."""
    subdir = str(OmegaConf.to_container(config.hydra.sweep, resolve=False)["subdir"])  # type: ignore[index, call-overload]
    if "hydra.job.num" in subdir or "hydra.job.id" in subdir:
        raise UsageError(
            f"hydra.sweep.subdir={subdir}: job numbers change as runs are completed, so a resumed sweep would not find "
            "its runs; use ${hydra.job.override_dirname} or leave hydra.sweep.subdir unset"
        )
    check_own_folder("hydra.sweep.dir", config.hydra.sweep.dir)
    folder = Path(config.hydra.sweep.dir)
    with open_dict(config):
        config.hydra.sweep.dir = str(folder.absolute())
    return folder


def _make_jobs(multirun: Multirun, jobs: Sequence[Sequence[str]], sweep_folder: Path) -> list[Job]:
    configs = JobConfigs(multirun)
    return [
        _make_job(number, tuple(overrides), configs.compose(with_placeholder_lr(overrides)), sweep_folder)
        for number, overrides in enumerate(jobs)
    ]


def _make_job(number: int, overrides: tuple[str, ...], composed: DictConfig, sweep_folder: Path) -> Job:
    with open_dict(composed):
        composed.hydra.job.num = number
        folder = sweep_folder / str(composed.hydra.sweep.subdir)
        del composed["hydra"]
    return Job(overrides, load_config(composed), folder)


def _without_seed(overrides: Sequence[str]) -> tuple[str, ...]:
    return tuple(line for line in overrides if not line.startswith("seed="))
