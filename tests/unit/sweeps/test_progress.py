"""Progress from made-up run folders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from src.csv_files import write_csv
from src.files import write_text
from src.layout import CONFIG_HASH, HISTORY, RECORD
from src.runs.record import write_record
from src.sweeps.plan import Job
from src.sweeps.progress import Leader, SweepWatch
from tests.unit.analysis.conftest import config_of, record_of

NOW = 1_800_000_000.0
COLUMNS = ("epoch", "step", "lr", "train_loss", "train_accuracy", "val_loss", "val_accuracy", "train_seconds")


class Sweep:
    """Jobs of ten epochs in `folder`, started and advanced at chosen times after `NOW`."""

    def __init__(self, folder: Path, *settings: str) -> None:
        self.jobs = [self._job(folder / str(number), setting.split()) for number, setting in enumerate(settings)]
        self.watch: SweepWatch | None = None

    @staticmethod
    def _job(folder: Path, setting: list[str]) -> Job:
        overrides = ("epochs=10", *setting)
        return Job(overrides, config_of(*overrides), folder)

    def start(self, number: int, at: float) -> None:
        write_text(self.jobs[number].folder / CONFIG_HASH, f"{at}")
        self._date(number, CONFIG_HASH, at)

    def advance(self, number: int, epochs: int, at: float) -> None:
        path = self.jobs[number].folder / HISTORY
        path.parent.mkdir(parents=True, exist_ok=True)
        write_csv(path, COLUMNS, [(n, 5 * n, 0.1 / n, 1, 0.5, 1, n / 10, 2.0 * n) for n in range(1, epochs + 1)])
        self._date(number, HISTORY, at)

    def end(self, number: int, at: float, status: str = "completed", accuracy: float = 0.9) -> None:
        job = self.jobs[number]
        write_record(record_of(job.config, status=status, accuracy=accuracy), job.folder)
        self._date(number, RECORD, at)

    def _date(self, number: int, name: str, at: float) -> None:
        os.utime(self.jobs[number].folder / name, (NOW + at, NOW + at))


def test_epochs_are_counted_before_a_run_has_ended(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path, *(f"scheduler=cosine seed={seed}" for seed in range(4)))
    watch = SweepWatch(sweep.jobs)
    assert watch.read(NOW).seconds_left is None
    sweep.start(0, 0)
    sweep.start(1, 0)
    assert [run.last for run in watch.read(NOW + 1).active] == [None, None]
    sweep.advance(0, 2, at=20)
    sweep.advance(1, 2, at=20)
    progress = watch.read(NOW + 20)
    assert progress.fraction == pytest.approx(4 / 40)
    assert progress.seconds_left == pytest.approx(36 * 10 / 2)  # 36 epochs, 10 s each, by two workers
    assert watch.read(NOW + 25).seconds_left == pytest.approx(175)  # it counts down within an epoch
    assert watch.read(NOW + 900).seconds_left == pytest.approx(170)  # but not beyond it
    run = progress.active[0]
    assert run.label == "cosine lr=0.02 seed=0"
    assert run.last is not None
    assert (run.epochs, run.last.number, run.last.lr, run.last.val_accuracy) == (10, 2, 0.05, 0.2)


def test_last_run_bounds_the_time_left(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path, "seed=0", "seed=1")
    watch = SweepWatch(sweep.jobs)
    for number in (0, 1):
        sweep.start(number, 0)
    sweep.advance(0, 10, at=20)
    sweep.end(0, at=20)
    sweep.advance(1, 1, at=20)
    progress = watch.read(NOW + 20)
    assert progress.ended == {"completed": 1}
    assert progress.seconds_left == pytest.approx(9 * 40 / 11)  # one worker cannot help the other


def test_longer_runs_weigh_more(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path, "seed=0", "epochs=30 seed=1")
    watch = SweepWatch(sweep.jobs)
    sweep.start(0, 0)
    sweep.advance(0, 10, at=20)
    sweep.end(0, at=20)
    progress = watch.read(NOW + 20)
    assert progress.fraction == pytest.approx(10 / 40)
    assert progress.seconds_left == pytest.approx(60)


def test_each_model_has_its_own_pace(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path, "model=mlp seed=0", "model=softmax seed=0", "model=mlp seed=1", "model=softmax seed=1")
    watch = SweepWatch(sweep.jobs)
    for number, seconds in ((0, 100), (1, 10)):
        sweep.start(number, 0)
        sweep.advance(number, 10, at=seconds)
        sweep.end(number, at=seconds)
    assert watch.read(NOW + 100).seconds_left == pytest.approx(110)


def test_resumed_epochs_do_not_make_a_run_look_fast(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path, "seed=0")
    sweep.start(0, -100)
    sweep.advance(0, 5, at=-50)
    sweep.end(0, at=-50, status="interrupted")
    watch = SweepWatch(sweep.jobs)
    assert watch.read(NOW).active == ()
    sweep.start(0, 0)
    sweep.advance(0, 5, at=1)  # the same epochs, written again
    assert watch.read(NOW + 1).seconds_left is None
    sweep.advance(0, 6, at=10)
    progress = watch.read(NOW + 10)
    assert progress.fraction == pytest.approx(0.6)
    assert progress.seconds_left == pytest.approx(40)


def test_runs_that_were_finished_before_count_as_done(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path, "seed=0", "seed=1", "seed=2")
    sweep.end(0, at=-10)
    sweep.end(1, at=-10, status="failed")  # it is retried
    progress = SweepWatch(sweep.jobs).read(NOW)
    assert (progress.total, progress.ended) == (3, {"completed": 1})


def test_leader_has_the_best_mean_and_lost_runs_count_against_it(tmp_path: Path) -> None:
    settings = [f"scheduler={name} seed={seed}" for name in ("step", "cosine", "linear") for seed in (0, 1)]
    sweep = Sweep(tmp_path, *settings)
    watch = SweepWatch(sweep.jobs)
    assert watch.read(NOW).leader is None
    for number, accuracy in enumerate((0.97, 0.98, 0.99)):
        sweep.end(number, at=1, accuracy=accuracy)
    assert watch.read(NOW).leader == Leader("cosine lr=0.02", 0.99, 1)
    sweep.end(3, at=2, status="diverged")
    assert watch.read(NOW).leader == Leader("step lr=0.02", pytest.approx(0.975), 2)


def test_leader_is_that_of_the_task_in_which_a_run_ended_last(tmp_path: Path) -> None:
    settings = [
        f"scheduler={name} model={model} epochs={epochs} seed=0"
        for model, epochs in (("mlp", 30), ("softmax", 3))
        for name in ("step", "cosine")
    ]
    sweep = Sweep(tmp_path, *settings)
    watch = SweepWatch(sweep.jobs)
    for number, accuracy in enumerate((0.97, 0.99, 0.92, 0.91)):
        sweep.end(number, at=number, accuracy=accuracy)
    assert watch.read(NOW).leader == Leader("step lr=0.02", 0.92, 1, "softmax · 3 epochs")
    assert SweepWatch(sweep.jobs[1:3]).read(NOW).leader is None  # two that cannot be compared


def test_single_setting_has_no_leader(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path, "seed=0", "seed=1")
    sweep.end(0, at=-1)
    assert SweepWatch(sweep.jobs).read(NOW).leader is None


def test_what_varies_is_in_the_labels(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path, "model=mlp seed=0", "model=softmax seed=0")
    watch = SweepWatch(sweep.jobs)
    sweep.start(1, 0)
    assert [run.label for run in watch.read(NOW).active] == ["constant lr=0.02 model=softmax seed=0"]
