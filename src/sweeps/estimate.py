"""How long a study will take, from the measured time of an update."""

from __future__ import annotations

import statistics
from dataclasses import replace

from src.announce import announcing
from src.layout import RECORD
from src.sweeps.study import EXTENSION, TUNING, Study
from src.sweeps.sweep_file import read_planned_jobs

OVERHEAD = 1.1  # a run's time relative to its updates alone; the rest is evaluation
START_SECONDS = 1.0  # per run


def study_seconds(study: Study, num_workers: int = 1) -> float:
    """Estimated seconds for the runs still to do; extensions of the grids are not counted.

    Raises:
        UsageError: the data set is unavailable, so no update can be timed.
    """
    seconds = _seconds_per_run(study)
    left = [seconds[job.config.epochs] for job in study.first_plan.unfinished()]
    left += later_runs_left(study) * [statistics.mean(seconds.values())]
    return max(sum(left) / num_workers, max(left, default=0.0))  # one run takes its time, however many workers wait


def num_refinements(study: Study) -> int:
    """Runs that refine the best learning rates, if every schedule can be trained."""
    return 2 * _num_settings(study) * len(study.protocol.tuning_seeds) * study.protocol.refine


def num_evaluations(study: Study) -> int:
    """Evaluation runs, if every schedule can be trained."""
    return _num_settings(study) * len(study.protocol.evaluation_seeds)


def later_runs_left(study: Study) -> int:
    """Refinement and evaluation runs still to do."""
    folder, on_grid = study.first_plan.folder, _grid_overrides(study)
    finished = [job for job in read_planned_jobs(folder) if (folder / job["folder"] / RECORD).exists()]
    num_evaluated = sum(TUNING not in job["overrides"] for job in finished)
    num_refined = sum(TUNING in job["overrides"] and on_grid.isdisjoint(job["overrides"]) for job in finished)
    return max(0, num_refinements(study) - num_refined) + max(0, num_evaluations(study) - num_evaluated)


def _num_settings(study: Study) -> int:
    return len(study.first_grids) * len(study.protocol.schedulers)


def _seconds_per_run(study: Study) -> dict[int, float]:
    """Estimated seconds of a run, by its epochs."""
    from src.runs.timing import step_seconds

    config = study.first_plan.jobs[0].config
    if config.seconds is not None:
        training = dict.fromkeys(study.first_grids, config.seconds)
    else:
        with announcing("timing an update"):
            per_epoch = config.updates_per_epoch * step_seconds(config)
        training = {epochs: epochs * per_epoch for epochs in study.first_grids}
    return {epochs: START_SECONDS + OVERHEAD * length for epochs, length in training.items()}


def _grid_overrides(study: Study) -> set[str]:
    """The rates of the grids as overrides, however far they are extended; refinements lie between them."""
    reach = EXTENSION * study.protocol.max_extensions
    grids = [replace(grid, first=grid.first - reach, last=grid.last + reach) for grid in study.first_grids.values()]
    return {f"optimizer.lr={lr:g}" for grid in grids for lr in grid.lrs}
