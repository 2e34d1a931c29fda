"""Runs in lockstep, each in a folder of its own: resumed together, recorded one by one."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from src.config.schema import Config
from src.errors import FolderInUseError, UsageError
from src.runs import record as records
from src.runs.attempt import Attempt, claim, finished_record, locked
from src.runs.build import build_trainer
from src.runs.folder import check_run_folder
from src.runs.record import RunRecord
from src.runs.run import run, warn_if_average_is_single, warn_of_fallback
from src.signals import Stop, stop_on_signals
from src.status import FINISHED
from src.training.checkpoint import START, Point, resume_at, saved_points
from src.training.device import select_device, select_precision
from src.training.metrics import Outcome
from src.training.pack import Ended, Pack
from src.training.trainer import Trainer

log = logging.getLogger(__name__)

Result = RunRecord | UsageError  # a run that could not start has no record


@dataclass(frozen=True)
class PackedRun:
    """A run of a pack. `on_claim` is called once its folder belongs to it and this process."""

    config: Config
    folder: Path
    on_claim: Callable[[], None] = lambda: None


def run_pack(
    runs: Sequence[PackedRun], *, keep_waiting: Callable[[], bool] | None = None, num_workers: int | None = 1
) -> Iterator[tuple[PackedRun, Result]]:
    """Trains, tests and records runs in lockstep; yields each with its record, or with the reason why it cannot start.

    The runs are resumed at the last point that all of them saved. One that has no point in common with the others is
    trained after them. Runs that are finished already are not trained or yielded again, but keep their places.

    Args:
        runs: All runs of the pack, finished ones included.
        keep_waiting: Wait for another process that holds a folder as long as this returns True; None does not wait.
        num_workers: How many packs or runs train at the same time on this machine; None if unknown.

    Raises:
        FolderInUseError: another process holds a folder.
    """
    if _scales_gradients(runs[0].config):  # every run would have to skip updates of its own
        yield from _one_by_one(runs, keep_waiting, num_workers)
        return
    with ExitStack() as locks, stop_on_signals() as stop:
        session = _Session(runs, keep_waiting, num_workers, locks)
        yield from session.results()
        while session.attempts and not stop.is_requested:
            session.train_next(stop)
            yield from session.results()


class _Session:
    """One attempt at the runs of a pack.

    Attributes:
        attempts: The runs that are left.
    """

    def __init__(
        self,
        runs: Sequence[PackedRun],
        keep_waiting: Callable[[], bool] | None,
        num_workers: int | None,
        locks: ExitStack,
    ) -> None:
        self.attempts: dict[int, Attempt] = {}
        self._runs = runs
        self._keep_waiting, self._num_workers = keep_waiting, num_workers
        self._locks = locks
        self._ended: dict[int, Ended] = {}
        self._results: list[tuple[PackedRun, Result]] = []
        for number, packed in enumerate(runs):
            self._enter(number, packed)

    def results(self) -> Iterator[tuple[PackedRun, Result]]:
        """What is new since the last call."""
        while self._results:
            yield self._results.pop(0)

    def train_next(self, stop: Stop) -> None:
        """Trains the runs that can be resumed at the same point; of several such points, that of the most runs."""
        point, numbers = self._cohort()
        trainers = self._build(numbers, point)
        if not trainers:
            return
        full_length = Ended(self._runs[0].config.epochs)  # the place of a run that is trained later, or never
        places: list[Trainer | Ended] = [
            trainers.get(number) or self._ended.get(number, full_length) for number in range(len(self._runs))
        ]
        numbers_of = {trainer: number for number, trainer in trainers.items()}
        for end in Pack(places, stop).fit():
            self._finish(numbers_of[end.trainer], end.outcome, end.trainer, end.error)
            warn_if_average_is_single(end.trainer, end.outcome)

    def _enter(self, number: int, packed: PackedRun) -> None:
        """Claims the folder of a run, unless the run is finished or cannot start."""
        config, folder, started_at = packed.config, packed.folder, records.utc_now()
        try:
            if (finished := finished_record(config, folder, self._num_workers)) is None:
                check_run_folder(folder)
                self._locks.enter_context(locked(folder, self._keep_waiting))
                finished = finished_record(config, folder, self._num_workers)  # by the process that held the lock
            if finished is not None:
                self._ended[number] = Ended(_epochs(finished, config))
                return
            self.attempts[number] = claim(
                config,
                folder,
                started_at=started_at,
                num_workers=self._num_workers,
                on_claim=packed.on_claim,
                lockstep=len(self._runs),
            )
            warn_of_fallback(config)
        except FolderInUseError:
            raise
        except UsageError as error:
            self._results.append((packed, error))

    def _cohort(self) -> tuple[Point, list[int]]:
        points: dict[int, list[Point]] = {}
        for number, attempt in list(self.attempts.items()):
            with self._recording_failure(number):
                points[number] = saved_points(attempt.folder)
        return common_point(points)

    def _build(self, numbers: Sequence[int], point: Point) -> dict[int, Trainer]:
        """The trainers of runs, restored at a point, without those that cannot be."""
        built: dict[int, Trainer] = {}
        for number in numbers:
            with self._recording_failure(number):
                attempt = self.attempts[number]
                built[number] = build_trainer(attempt.config, attempt.folder)
        restored: dict[int, Trainer] = {}
        for number, trainer in built.items():  # now, because building seeds the generator that a checkpoint restores
            with self._recording_failure(number, trainer):
                resume_at(trainer, self.attempts[number].folder, point)
                restored[number] = trainer
        if restored and point != START:
            log.info("Resumed after epoch %d, %d in lockstep", point[0], len(restored))
        return restored

    @contextmanager
    def _recording_failure(self, number: int, trainer: Trainer | None = None) -> Iterator[None]:
        try:
            yield
        except (Exception, SystemExit) as error:  # the model and callbacks may be the user's own code
            if isinstance(error, UsageError):  # its training has not begun
                self.attempts.pop(number).withdraw()
                self._results.append((self._runs[number], error))
            else:
                self._finish(number, Outcome("failed", None), trainer, error)

    def _finish(
        self, number: int, outcome: Outcome, trainer: Trainer | None, error: BaseException | None = None
    ) -> None:
        record = self.attempts.pop(number).record(outcome, trainer, error)
        if trainer is not None and record.status in FINISHED:
            self._ended[number] = Ended(trainer.progress.epoch)
        self._results.append((self._runs[number], record))


def common_point(points: Mapping[int, Sequence[Point]]) -> tuple[Point, list[int]]:
    """The point that most runs have, the latest of several, and the numbers of these runs."""
    counts = Counter(point for own in points.values() for point in set(own))
    point = max(counts, key=lambda point: (counts[point], point), default=START)
    return point, [number for number, own in points.items() if point in own]


def _epochs(record: RunRecord, config: Config) -> int:
    """How many epochs a finished run lasted."""
    return (record.steps + record.skipped_updates) // config.updates_per_epoch


def _scales_gradients(config: Config) -> bool:
    return select_precision(config.trainer.precision, select_device(config.trainer.device)).scales_gradients


def _one_by_one(
    runs: Sequence[PackedRun], keep_waiting: Callable[[], bool] | None, num_workers: int | None
) -> Iterator[tuple[PackedRun, Result]]:
    for single in runs:
        if keep_waiting is not None and not keep_waiting():
            return
        with suppress(UsageError):  # the run raises it again
            if finished_record(single.config, single.folder, num_workers) is not None:
                continue
        yield single, _run_single(single, keep_waiting, num_workers)


def _run_single(packed: PackedRun, keep_waiting: Callable[[], bool] | None, num_workers: int | None) -> Result:
    try:
        return run(
            packed.config, packed.folder, keep_waiting=keep_waiting, num_workers=num_workers, on_claim=packed.on_claim
        )
    except FolderInUseError:
        raise
    except UsageError as error:
        return error
