"""Progress in words."""

from __future__ import annotations

from dataclasses import replace

from src.sweeps.progress import ActiveRun, Leader, Progress
from src.sweeps.run_watch import Epoch
from src.sweeps.status import epoch_of, format_duration, leader_line, progress_line

PROGRESS = Progress(
    total=10,
    ended={"completed": 3, "failed": 1},
    fraction=0.4,
    active=(
        ActiveRun("cosine lr=0.03 seed=0", 5, Epoch(2, 0.0271, 0.975, 12.0)),
        ActiveRun("step lr=0.03 seed=0", 5, None),
    ),
    leader=Leader("step lr=0.1", 0.98125, 2),
    seconds_left=100.0,
)


def test_line_tells_what_is_done_what_is_left_what_runs_and_what_leads() -> None:
    assert progress_line(PROGRESS) == (
        "-- 4 of 10 runs done, 1 failed, about 2 min left; running: cosine lr=0.03 seed=0 (epoch 3/5), "
        "step lr=0.03 seed=0 (epoch 1/5); leading: step lr=0.1, validation accuracy 98.12% (mean of 2 runs)"
    )


def test_leader_of_one_task_among_several_says_what_it_leads_at() -> None:
    leader = Leader("step lr=0.1", 0.98125, 1, "mlp · 3 epochs")
    assert leader_line(leader) == "leading at mlp · 3 epochs: step lr=0.1, validation accuracy 98.12% (1 run)"


def test_line_at_the_start_estimates_nothing() -> None:
    start = replace(PROGRESS, ended={}, active=(), leader=None, seconds_left=None)
    assert progress_line(start) == "-- 0 of 10 runs done, 0 failed"


def test_diverged_runs_are_counted_beside_failed_ones() -> None:
    line = progress_line(
        replace(PROGRESS, ended={"completed": 1, "diverged": 2, "hopeless": 1}, active=(), leader=None)
    )
    assert line == "-- 4 of 10 runs done, 0 failed, 2 diverged, 1 hopeless, about 2 min left"


def test_line_of_many_workers_names_some_of_their_runs() -> None:
    assert "epoch 1/5) and 6 more;" in progress_line(replace(PROGRESS, active=PROGRESS.active[1:] * 10))


def test_epoch_in_training_never_exceeds_the_last_one() -> None:
    assert epoch_of(ActiveRun("", 5, Epoch(5, 0.1, 0.9, 1.0))) == "epoch 5/5"
    assert epoch_of(ActiveRun("", None, Epoch(5, 0.1, 0.9, 1.0))) == "epoch 6"


def test_durations_have_one_unit() -> None:
    assert [format_duration(seconds) for seconds in (89, 90, 72_000)] == ["89 s", "2 min", "20 h"]
