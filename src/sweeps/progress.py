"""Progress of a sweep, read from the folders of its runs, so that it is the same for every launcher."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

from src.status import LOST
from src.sweeps.labels import Task, varied_keys
from src.sweeps.plan import Job
from src.sweeps.run_watch import Epoch, RunWatch


@dataclass(frozen=True)
class ActiveRun:
    """A run in training. `epochs` is None if its length is a time, `last` until its first epoch has ended."""

    label: str
    epochs: int | None
    last: Epoch | None


@dataclass(frozen=True)
class Leader:
    """The setting with the highest mean validation accuracy so far; a run without a result counts as 0.

    Attributes:
        label: Of the setting.
        val_accuracy: The mean.
        num_runs: How many runs it is the mean of.
        task: `mlp · 3 epochs`, what it leads at; empty if all runs of the sweep can be compared.
    """

    label: str
    val_accuracy: float
    num_runs: int
    task: str = ""


@dataclass(frozen=True)
class Progress:
    """A sweep at one moment.

    Attributes:
        total: Number of runs.
        ended: How many of them ended in each status.
        fraction: How much of the training is done.
        active: The runs in training.
        leader: Of the runs that can be compared with the last one that ended. None if none of these has a result, or
            if they are of one setting.
        seconds_left: None until the first epoch has ended.
    """

    total: int
    ended: Mapping[str, int]
    fraction: float
    active: tuple[ActiveRun, ...]
    leader: Leader | None
    seconds_left: float | None

    @property
    def num_done(self) -> int:
        return sum(self.ended.values())


class SweepWatch:
    """Watches the runs of a sweep. Those that were finished before count as done."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        varied = varied_keys(job.overrides for job in jobs)
        self._runs = [RunWatch(job, varied) for job in jobs]
        self._num_workers = 1

    def read(self, now: float) -> Progress:
        """Reads what has changed in the folders.

        Args:
            now: Seconds since the epoch, as in the times of files.
        """
        for run in self._runs:
            run.update()
        active = [run for run in self._runs if run.is_active]
        self._num_workers = max(self._num_workers, len(active))
        total_work = sum(run.work for run in self._runs)
        return Progress(
            total=len(self._runs),
            ended=Counter(run.end_status for run in self._runs if run.end_status),
            fraction=sum(run.work - run.work_left for run in self._runs) / total_work if total_work else 1.0,
            active=tuple(ActiveRun(run.label, run.epochs, run.last) for run in active),
            leader=find_leader(self._runs),
            seconds_left=seconds_left(self._runs, self._num_workers, now),
        )


def find_leader(runs: Sequence[RunWatch]) -> Leader | None:
    """The leader of the runs that have ended, among those of the task in which one ended last."""
    ended = [run for run in runs if run.end_status]
    if not ended:
        return None
    task = max(ended, key=lambda run: run.ended_at).task
    names = {run.setting: run.name_in_task for run in runs if run.task == task}
    accuracies: dict[str, list[float]] = defaultdict(list)
    for run in ended:
        if run.task == task:
            accuracies[run.setting].append(0.0 if run.end_status in LOST else run.val_accuracy)
    setting = max(accuracies, key=lambda name: mean(accuracies[name]))
    best = mean(accuracies[setting])
    if len(names) < 2 or best == 0:
        return None
    return Leader(names[setting], best, len(accuracies[setting]), _distinction(task, {run.task for run in runs}))


def _distinction(task: Task, tasks: Collection[Task]) -> str:
    """The parts of a task in which not all tasks agree."""
    return " · ".join(part for part, values in zip(task, zip(*tasks, strict=True), strict=True) if len(set(values)) > 1)


def seconds_left(runs: Sequence[RunWatch], num_workers: int, now: float) -> float | None:
    """Estimated time until all runs have ended, from the epochs that are done; None before the first one.

    The workers share what is left, but a single run cannot be shared.
    """
    paces = _paces(runs)
    if not paces:
        return None
    average = paces[None]
    left = [run.seconds_left(paces.get(run.kind, average), now) for run in runs if not run.end_status]
    return max(sum(left) / num_workers, max(left, default=0.0))


def _paces(runs: Sequence[RunWatch]) -> dict[object, float]:
    """Seconds per unit of work of each kind of run and, under None, of all; empty if nothing is known yet."""
    seconds: dict[object, float] = defaultdict(float)
    work: dict[object, float] = defaultdict(float)
    for run in runs:
        if run.work_done > 0:
            for kind in (run.kind, None):
                seconds[kind] += run.seconds_busy
                work[kind] += run.work_done
    return {kind: seconds[kind] / amount for kind, amount in work.items()}
