"""Which runs of a plan are trained in lockstep (`lockstep=`).

A pack is decided from the whole plan, never from what is left of it, and kept in sweep.json: how many runs share a
product can change its last bits, and a resumed sweep is to give the same numbers.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from src.analysis.wording import count_noun, join_names
from src.config.identity import digest, identity
from src.config.schema import Config
from src.sweeps.parallelism import concurrent_jobs
from src.sweeps.plan import Job, Plan
from src.sweeps.sweep_file import read_packs

AUTO = "auto"
STACKED = ("softmax", "mlp", "mlp_bn", "lenet", "cnn", "resnet")  # models that can share passes
# Those for which it pays on a CPU, with the largest pack for which it does; see docs/performance.md
FASTER = {"softmax": 32, "mlp": 32, "mlp_bn": 32, "lenet": 4}
_OWN = ("scheduler.", "optimizer.", "averaging.", "warmup", "interval")  # what may differ within a pack
# Optimizers that draw no random numbers, from which the runs of a pack draw their dropout masks
_OPTIMIZERS = ("src.", "torch.optim.", "schedulefree.")
_OTHER_OPTIMIZERS = {f"pytorch_optimizer.{name}" for name in ("Lion", "Prodigy", "Ranger")}


def with_packs(plan: Plan) -> Plan:
    """The plan with its packs: those that it had when it was started before, and new ones of the other runs."""
    packs = _earlier_packs(plan)
    packed = {job.folder for pack in packs for job in pack}
    others = [job for job in plan.jobs if job.folder not in packed and why_single(job.config) is None]
    groups: dict[str, list[Job]] = defaultdict(list)
    for job in {job.folder: job for job in others}.values():
        groups[_shared(job.config)].append(job)
    for size, group in _sizes(list(groups.values()), concurrent_jobs(plan) if groups else 1):
        packs += [tuple(part) for part in _parts(group, size) if len(part) > 1]
    return replace(plan, packs=tuple(packs))


def why_single(config: Config) -> str | None:
    """Why a run is trained by itself; None if it can be part of a pack."""
    model, optimizer = config.model, str(config.optimizer["_target_"])
    if config.lockstep == "1":
        return "lockstep=1"
    if model["_target_"] not in [f"src.models.{name}" for name in STACKED]:
        return f"model={model['name']}"
    if config.lockstep == AUTO and model["_target_"] not in [f"src.models.{name}" for name in FASTER]:
        return f"model={model['name']} would be slower"
    if config.seconds is not None or config.tick_interval == "second":
        return "a schedule that depends on time"
    if config.trainer.precision == "fp16":
        return "trainer.precision=fp16"
    if config.callbacks:
        return "callbacks"  # they may ask Hydra for the folder of their run, and would get that of the pack
    if not (optimizer.startswith(_OPTIMIZERS) or optimizer in _OTHER_OPTIMIZERS):
        return f"optimizer={config.optimizer['name']}"
    return None if str(config.averaging["_target_"]).startswith("src.") else f"averaging={config.averaging['name']}"


def lockstep_note(plan: Plan) -> str | None:
    """Which runs of a plan with packs are trained in lockstep, and why others are not; None if no lockstep is asked."""
    if all(job.config.lockstep == "1" for job in plan.jobs):
        return None
    sizes = sorted({len(pack) for pack in plan.packs})
    packed = {job.folder for pack in plan.packs for job in pack}
    single = [job for job in plan.jobs if job.folder not in packed]
    parts = []
    if packed:
        of = f"{sizes[0]} to {sizes[-1]}" if len(sizes) > 1 else str(sizes[0])
        parts.append(f"{count_noun(len(packed), 'run')} in {count_noun(len(plan.packs), 'pack')} of {of}")
    if single:
        sizes_of = Counter(_shared(job.config) for job in plan.jobs)
        reasons = dict.fromkeys(why_single(job.config) or _why_left(job.config, sizes_of) for job in single)
        parts.append(f"{count_noun(len(single), 'run')} one by one ({join_names(list(reasons))})")
    return f"lockstep={plan.jobs[0].config.lockstep}: {', '.join(parts)}"


def _why_left(config: Config, sizes: Mapping[str, int]) -> str:
    """Why a run that could be part of a pack is not; `sizes` are those of the groups that could share passes."""
    if sizes[_shared(config)] == 1:
        return "no other run with its data and seed"
    return "to keep all workers busy" if config.lockstep == AUTO else f"left over by packs of {config.lockstep}"


def units(plan: Plan, jobs: Iterable[Job]) -> list[list[Job]]:
    """The jobs in groups that a launcher starts as one: those of a pack together, every other one by itself."""
    packs = {job.folder: pack[0].folder for pack in plan.packs for job in pack}
    grouped: dict[object, list[Job]] = defaultdict(list)
    for job in jobs:
        grouped[packs.get(job.folder, job.folder)].append(job)
    return list(grouped.values())


def packs_by_first(plan: Plan, firsts: Iterable[Job]) -> Mapping[str, list[tuple[str, ...]]]:
    """The overrides of all jobs of a pack, by the absolute folder of the job that stands for it."""
    pack_of = {job.folder: pack for pack in plan.packs for job in pack}
    return {
        str(first.folder.resolve()): [job.overrides for job in pack_of[first.folder]]
        for first in firsts
        if first.folder in pack_of
    }


def _earlier_packs(plan: Plan) -> list[tuple[Job, ...]]:
    """The packs in sweep.json whose runs are all in the plan and may still share passes."""
    jobs = {str(job.folder.relative_to(plan.folder)): job for job in plan.jobs if why_single(job.config) is None}
    packs = read_packs(plan.folder) if jobs else []
    return [tuple(jobs[folder] for folder in pack) for pack in packs if all(folder in jobs for folder in pack)]


def _shared(config: Config) -> str:
    """What the runs of a pack have in common."""
    settings = {key: value for key, value in identity(config).items() if not key.startswith(_OWN)}
    return digest([settings, config.trainer.num_threads, config.lockstep])


def _sizes(groups: Sequence[list[Job]], num_workers: int) -> list[tuple[int, list[Job]]]:
    """Each group with the largest size of its packs; with `auto`, the one that keeps all workers busy."""
    sizes = []
    for group in groups:
        limit = group[0].config.lockstep
        if limit == AUTO:
            largest = min(len(group), FASTER[group[0].config.model["_target_"].rpartition(".")[2]])
            sizes.append((_auto_size(len(group), len(groups), num_workers, largest), group))
        else:
            sizes.append((int(limit), group))
    return sizes


def _auto_size(num_runs: int, num_groups: int, num_workers: int, largest: int) -> int:
    """The size of packs with the shortest estimated time for all groups, if they are as large as this one."""

    def estimate(size: int) -> float:
        rounds = math.ceil(num_groups * math.ceil(num_runs / size) / num_workers)
        return rounds * (0.45 + 0.55 * size)  # relative to a run by itself

    return min(range(1, largest + 1), key=lambda size: (estimate(size), -size))


def _parts(group: list[Job], size: int) -> list[list[Job]]:
    """The group in as few parts of at most this size as possible, all of about the same size."""
    count = math.ceil(len(group) / size)
    bounds = [round(number * len(group) / count) for number in range(count + 1)]
    return [group[first:last] for first, last in itertools.pairwise(bounds)]
