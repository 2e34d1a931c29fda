"""How long a study will take, from the measured time of an update."""

from __future__ import annotations

import statistics

from src.layout import RECORD
from src.sweeps.study import TUNING, Study
from src.sweeps.sweep_file import read_planned_jobs

OVERHEAD = 1.1  # a run's time relative to its updates alone; the rest is evaluation
START_SECONDS = 1.0  # per run


def study_seconds(study: Study) -> float:
    """Estimated seconds for the runs still to do, one after another; extensions of the grids are not counted.

    Raises:
        UsageError: the data set is unavailable, so no update can be timed.
    """
    seconds = _seconds_per_run(study)
    tuning = sum(seconds[job.config.epochs] for job in study.first_plan.unfinished())
    return tuning + _evaluations_left(study) * statistics.mean(seconds.values())


def num_evaluations(study: Study) -> int:
    """Evaluation runs, if every schedule can be trained."""
    return len(study.first_grids) * len(study.protocol.schedulers) * len(study.protocol.evaluation_seeds)


def _seconds_per_run(study: Study) -> dict[int, float]:
    """Estimated seconds of a run, by its epochs."""
    from src.runs.timing import step_seconds

    config = study.first_plan.jobs[0].config
    if config.seconds is not None:
        training = dict.fromkeys(study.first_grids, config.seconds)
    else:
        per_epoch = config.updates_per_epoch * step_seconds(config)
        training = {epochs: epochs * per_epoch for epochs in study.first_grids}
    return {epochs: START_SECONDS + OVERHEAD * length for epochs, length in training.items()}


def _evaluations_left(study: Study) -> int:
    folder = study.first_plan.folder
    planned = [folder / job["folder"] for job in read_planned_jobs(folder) if TUNING not in job["overrides"]]
    return max(0, num_evaluations(study) - sum((path / RECORD).exists() for path in planned))
