"""Compares schedules in parallel, and ends in tables and pictures.

With protocol=NAME every schedule is first tuned, then evaluated under fresh seeds, and the differences are tested.
Otherwise every schedule is run as it is configured, under every seed. The same command again skips completed runs,
finishes interrupted ones and retries failed ones.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import joblib
from omegaconf import OmegaConf
from rich.console import Console
from rich.table import Table

from src.analysis.stats import seeds_needed
from src.config import CONF
from src.config.compose import parsed, refusing
from src.config.identity import digest
from src.data.fallback import resolve_dataset
from src.errors import UsageError, ending_in_one_line
from src.layout import RECORD
from src.sweeps.launch import run_plan, run_study
from src.sweeps.plan import Plan, make_plan, planned_before
from src.sweeps.protocol import TUNING, Protocol, Study, load_protocol
from src.sweeps.status import in_words

USAGE = """\
protocol=NAME          of conf/protocol: quick, standard or strict; its fields can be changed (num_lrs=7, budgets=[1,5],
                       tuning_seeds=[1000], evaluation_seeds=[0,1], reference=cosine, max_extensions=0)
experiment=NAME        of conf/experiment: schedulers, seeds and overrides to start from (default: benchmark)
schedulers=[a,b]       schedules to compare
seeds=[0,1,2]          seeds, the same for every schedule
name=NAME              folder of the sweep under outputs/sweeps
hydra/launcher=basic   one job after another; default: joblib, in parallel
key=value              anything that `python -m src.train` takes; key=a,b sweeps it too
"""


WORKERS_PER_GPU = 4
# What a run takes beside its updates: evaluation as a part of training, and its start.
OVERHEAD, START_SECONDS = 1.1, 1.0


@dataclass
class Experiment:
    """A file of conf/experiment."""

    name: str
    schedulers: list[str]
    seeds: list[int]
    overrides: list[str]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=USAGE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dry-run", action="store_true", help="print the plan, run nothing")
    parser.add_argument("overrides", nargs="*", metavar="key=value")
    arguments = parser.parse_intermixed_args()
    sys.path.insert(0, str(Path.cwd()))  # a script starts without it, and a user's own module lies there
    with ending_in_one_line():
        if any(text.startswith("protocol=") for text in arguments.overrides):
            sys.exit(compare(arguments.overrides, dry_run=arguments.dry_run))
        overrides = sweep_overrides(arguments.overrides)
        if arguments.dry_run:
            print_plan(make_plan(overrides))
            return
        sys.exit(run_plan(make_plan(resolve_dataset(overrides))))


def compare(given: list[str], *, dry_run: bool) -> int:
    """Plans a protocol and, unless that was all that was asked for, runs it; returns the exit status."""
    changes, overrides = protocol_overrides(given)
    protocol = load_protocol(str(changes.pop("protocol")), changes)
    study = Study(protocol, overrides if dry_run else resolve_dataset(overrides))
    print_study(study)
    return 0 if dry_run else run_study(study)


def protocol_overrides(given: list[str]) -> tuple[dict[str, Any], list[str]]:
    """What is said of the protocol, and the overrides of its runs."""
    by_key = {each.key_or_group: each for each in parsed(given)}
    own = {"protocol", "seeds", *(field.name for field in fields(Protocol))} - {"name"}
    changes: dict[str, Any] = {key: by_key.pop(key).value() for key in own if key in by_key}
    if "seeds" in changes:
        raise UsageError("seeds: a protocol has two kinds of them; give tuning_seeds=[...] or evaluation_seeds=[...]")
    for each in by_key.values():
        if each.is_sweep_override() or each.key_or_group in ("scheduler", "seed"):
            raise UsageError(f"{each.input_line}: does not go with protocol=; it compares schedulers=[a,b] alone")
    lines = {key: str(each.input_line) for key, each in by_key.items()}
    telling = [
        *sorted(map(str, changes.items())),
        *sorted(line for key, line in lines.items() if identifies_sweep(key)),
    ]
    lines.setdefault("name", f"name={changes['protocol']}-{digest(telling)[:8]}")
    return changes, list(on_workers(lines).values())


def print_study(study: Study) -> None:
    """What will be made, and how long that will take; what the tuning ends in is not known yet."""
    protocol, plan = study.protocol, study.first_plan
    evaluation = len(study.first_grids) * len(protocol.schedulers) * len(protocol.evaluation_seeds)
    lrs = ", ".join(f"{lr:g}" for lr in next(iter(study.first_grids.values())).lrs)
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"protocol={protocol.name} in {plan.folder}, {len(plan.unfinished())} of the tuning runs to be made")
    console.print(f"  schedulers  {', '.join(protocol.schedulers)} (reference: {protocol.reference})")
    seconds = plan.jobs[0].config.seconds
    length = ("seconds", f"{seconds:g}") if seconds is not None else ("epochs", ", ".join(map(str, study.first_grids)))
    console.print(f"  {length[0]:<11} {length[1]}")
    console.print(f"  tune        {len(plan.jobs)} runs: lr {lrs}; seeds {protocol.tuning_seeds}")
    console.print(f"  evaluate    {evaluation} runs: the best lr of each; seeds {protocol.evaluation_seeds}")
    for note in notes_on(study):
        console.print(f"  note        {note}")
    workers = workers_of(plan)
    try:
        minutes = in_words(study_seconds(study, evaluation) / workers)
    except UsageError as error:  # a dry run fetches no data
        console.print(f"  takes       not measured: {error}")
        return
    at_once = f"{workers} worker{'s' * (workers > 1)}"
    console.print(f"  takes       about {minutes} on {at_once} here, more where a grid is extended")


def notes_on(study: Study) -> Iterator[str]:
    """What the user should know before hours are spent."""
    comparisons, seeds = len(study.protocol.schedulers) - 1, len(study.protocol.evaluation_seeds)
    if comparisons and seeds < (needed := seeds_needed(comparisons)):
        family = f"{comparisons} comparison{'s' * (comparisons > 1)}"
        yield f"{seeds} evaluation seeds can show no difference, however large: {family} would need {needed}"
    plan = study.first_plan
    planned = {str(job.folder.relative_to(plan.folder)) for job in plan.jobs}
    before = planned_before(plan.folder)
    tuned = {job["folder"] for job in before if TUNING in job["overrides"]}
    if before and not (tuned and (planned <= tuned or tuned <= planned)):
        yield f"{plan.folder} holds another sweep: its runs stay, its tables give way to those of this one"


def study_seconds(study: Study, evaluation: int) -> float:
    """Estimated training time of the runs that are left, from the measured time of an update as a worker makes it.

    Args:
        study: Its first grid counts; how far it will be extended is not known.
        evaluation: How many runs are to be evaluated, those that are made already among them.
    """
    from src.runs.timing import step_seconds

    plan, config = study.first_plan, study.first_plan.jobs[0].config
    if config.seconds is not None:
        lengths = dict.fromkeys(study.first_grids, config.seconds)
    else:
        per_epoch = config.updates_per_epoch * step_seconds(config)
        lengths = {epochs: epochs * per_epoch for epochs in study.first_grids}
    takes = {epochs: START_SECONDS + OVERHEAD * length for epochs, length in lengths.items()}
    before = [job for job in planned_before(plan.folder) if TUNING not in job["overrides"]]
    made = sum((plan.folder / job["folder"] / RECORD).exists() for job in before)
    left = max(0, evaluation - made)
    return sum(takes[job.config.epochs] for job in plan.unfinished()) + left * statistics.mean(takes.values())


def sweep_overrides(given: list[str]) -> list[str]:
    """What is given, on top of the experiment it names, as overrides of a multirun."""
    by_key = {each.key_or_group: each for each in parsed(given)}
    own = {key: by_key.pop(key).value() for key in ("experiment", "schedulers", "seeds") if key in by_key}
    experiment = load_experiment(str(own.get("experiment", "benchmark")))
    lines = {key: str(each.input_line) for key, each in by_key.items()}
    inherited = {line.partition("=")[0]: line for line in experiment.overrides}
    chosen = {
        **inherited,
        "scheduler": f"scheduler={_choices('schedulers', own.get('schedulers', experiment.schedulers))}",
        "seed": f"seed={_choices('seeds', own.get('seeds', experiment.seeds))}",
    }
    name = experiment.name if not own.keys() - {"experiment"} and not any(map(identifies_sweep, lines)) else None
    chosen = on_workers(chosen | lines)
    telling = sorted(line for key, line in chosen.items() if identifies_sweep(key))
    chosen.setdefault("name", f"name={name or f'{experiment.name}-{digest(telling)[:8]}'}")
    return list(chosen.values())


def on_workers(lines: dict[str, str]) -> dict[str, str]:
    """Overrides by key with a launcher among them: unless they name one, joblib with a worker a core."""
    lines = {"hydra/launcher": "hydra/launcher=joblib"} | lines
    if "joblib" in lines["hydra/launcher"]:
        lines.setdefault("hydra.launcher.n_jobs", f"hydra.launcher.n_jobs={num_workers()}")
        if lines["hydra.launcher.n_jobs"].endswith("=0"):
            raise UsageError("hydra.launcher.n_jobs=0: must be a number of workers from 1, or -1 for one a core")
    if "basic" not in lines["hydra/launcher"] and not lines.get("hydra.launcher.n_jobs", "").endswith("=1"):
        # One torch thread a worker: several workers with several threads each would get in each other's way.
        lines.setdefault("trainer.num_threads", "trainer.num_threads=1")
    return lines


def identifies_sweep(key: str) -> bool:
    """Whether a key tells one sweep from another: where it runs and where its data lie does not."""
    return key not in _UNTOLD and not key.startswith("hydra.launcher.")


_UNTOLD = {"data.root", "data.mirror", "hydra/launcher", "trainer.num_threads"}


def load_experiment(name: str) -> Experiment:
    folder = CONF / "experiment"
    path = folder / f"{name}.yaml"
    if not path.exists():
        raise UsageError(
            f"experiment={name}: choose one of {', '.join(sorted(each.stem for each in folder.iterdir()))}"
        )
    with refusing():
        loaded = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(Experiment), OmegaConf.load(path)))
    assert isinstance(loaded, Experiment)
    return loaded


def num_workers() -> int:
    """A worker a core that this process may use; with GPUs not more than a few for each of them."""
    import torch

    cores: int = joblib.cpu_count()
    return min(cores, WORKERS_PER_GPU * torch.cuda.device_count()) if torch.cuda.is_available() else cores


def workers_of(plan: Plan) -> int:
    """How many jobs run at once; of a cluster as many as would here, its own number being known to itself alone."""
    launcher = plan.master.hydra.launcher
    if launcher._target_.endswith("BasicLauncher"):
        return 1
    named = launcher.get("n_jobs") or 0
    return int(named) if named > 0 else num_workers()


def print_plan(plan: Plan) -> None:
    """A line a job, with the overrides in which it differs from others."""
    shared = set.intersection(*(set(job.overrides) for job in plan.jobs))
    table = Table()
    for column in ("job", "status", "overrides"):
        table.add_column(column, justify="right" if column == "job" else "left")
    for number, job in enumerate(plan.jobs, 1):
        table.add_row(str(number), job.status(), " ".join(line for line in job.overrides if line not in shared))
    console = Console()
    title = f"{len(plan.jobs)} jobs in {plan.folder}, {len(plan.unfinished())} to run"
    console.print(title, soft_wrap=True, highlight=False)
    console.print(table)
    console.print("all with", *sorted(shared), soft_wrap=True, highlight=False)


def _choices(key: str, values: object) -> str:
    if not isinstance(values, list) or not values:
        example = "[0,1,2]" if key == "seeds" else "[step,cosine]"
        raise UsageError(f"{key}={values}: must be a list that is not empty, as in {key}={example}")
    return ",".join(str(value) for value in dict.fromkeys(values))


if __name__ == "__main__":
    main()
