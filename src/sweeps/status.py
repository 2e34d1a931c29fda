"""Progress of a running sweep in words: runs done and failed, the remaining time, and what is being trained."""

from __future__ import annotations

from src.status import LOST
from src.sweeps.progress import ActiveRun, Leader, Progress

_MAX_NAMED = 4  # active runs in one line


def progress_line(progress: Progress) -> str:
    """One line for files, where nothing can be redrawn."""
    parts = [f"-- {summary(progress)}"]
    if progress.active:
        names = [f"{run.label} ({epoch_of(run)})" for run in progress.active[:_MAX_NAMED]]
        others = len(progress.active) - len(names)
        parts.append(f"running: {', '.join(names)}{f' and {others} more' * (others > 0)}")
    if progress.leader:
        parts.append(leader_line(progress.leader))
    return "; ".join(parts)


def summary(progress: Progress) -> str:
    """`4 of 10 runs done, 1 failed, about 2 min left`."""
    counts = [f"{progress.ended.get('failed', 0)} failed"]
    counts += [
        f"{progress.ended[status]} {status}" for status in LOST if status != "failed" and status in progress.ended
    ]
    seconds = progress.seconds_left
    left = [] if seconds is None else [f"about {format_duration(seconds)} left"]
    return ", ".join([f"{progress.num_done} of {progress.total} runs done", *counts, *left])


def epoch_of(run: ActiveRun) -> str:
    """`epoch 3/5`, the epoch in training; without the total if the length of the run is a time."""
    number = 1 + (run.last.number if run.last else 0)
    return f"epoch {number}" if run.epochs is None else f"epoch {min(number, run.epochs)}/{run.epochs}"


def leader_line(leader: Leader) -> str:
    """`leading at 3 epochs: cosine lr=0.03, validation accuracy 98.12% (mean of 2 runs)`."""
    runs = "1 run" if leader.num_runs == 1 else f"mean of {leader.num_runs} runs"
    task = f" at {leader.task}" if leader.task else ""
    return f"leading{task}: {leader.label}, validation accuracy {leader.val_accuracy:.2%} ({runs})"


def format_duration(seconds: float) -> str:
    """`45 s`, `12 min` or `5 h`."""
    if seconds >= 3 * 3600:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
