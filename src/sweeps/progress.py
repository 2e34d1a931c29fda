"""Progress of a sweep, read from the folders of its runs, so that it is the same for every launcher."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

from src.status import LOST
from src.sweeps.labels import varied_keys
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
    """The setting with the highest mean validation accuracy so far; a run without a result counts as 0."""

    label: str
    val_accuracy: float
    num_runs: int


@dataclass(frozen=True)
class Progress:
    """A sweep at one moment.

    Attributes:
        total: Number of runs.
        ended: How many of them ended in each status.
        fraction: How much of the training is done.
        active: The runs in training.
        leader: None if no run has a result yet, or if there is only one setting.
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
    """The leader of the runs that have ended."""
    accuracies: dict[str, list[float]] = defaultdict(list)
    for run in runs:
        if run.end_status:
            accuracies[run.setting].append(0.0 if run.end_status in LOST else run.val_accuracy)
    if len({run.setting for run in runs}) < 2 or not accuracies:
        return None
    setting = max(accuracies, key=lambda name: mean(accuracies[name]))
    best = mean(accuracies[setting])
    return Leader(setting, best, len(accuracies[setting])) if best > 0 else None


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
