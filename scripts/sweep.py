"""Sweeps schedulers x seeds in parallel, and ends in tables and pictures.

The same command again skips completed runs, finishes interrupted ones and retries failed ones.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import joblib
from omegaconf import OmegaConf
from rich.console import Console
from rich.table import Table

from src.composition import parsed, refusing
from src.config import CONF
from src.errors import EXIT_INTERRUPTED, UsageError, refuse
from src.fallback import settle
from src.identity import digest
from src.sweep.launch import run_plan
from src.sweep.plan import Plan, make_plan

USAGE = """\
experiment=NAME        of conf/experiment: schedulers, seeds and overrides to start from (default: benchmark)
schedulers=[a,b]       schedules to compare
seeds=[0,1,2]          seeds, the same for every schedule
name=NAME              folder of the sweep under outputs/sweeps
hydra/launcher=basic   one job after another; default: joblib, in parallel
key=value              anything that `python -m src.train` takes; key=a,b sweeps it too
"""


WORKERS_PER_GPU = 4


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
    try:
        overrides = sweep_overrides(arguments.overrides)
        if arguments.dry_run:
            print_plan(make_plan(overrides))
            return
        sys.exit(run_plan(make_plan(settle(overrides))))
    except UsageError as error:
        sys.exit(refuse(error))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)


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
    name = experiment.name if not own.keys() - {"experiment"} and not lines.keys() - _UNTOLD else None
    chosen |= {"hydra/launcher": "hydra/launcher=joblib"} | lines
    if "joblib" in chosen["hydra/launcher"]:
        workers = chosen.setdefault("hydra.launcher.n_jobs", f"hydra.launcher.n_jobs={num_workers()}")
        if not workers.endswith("=1"):
            # One torch thread a worker: several workers with several threads each would get in each other's way.
            chosen.setdefault("trainer.num_threads", "trainer.num_threads=1")
    telling = sorted(line for key, line in chosen.items() if key not in _UNTOLD)
    chosen.setdefault("name", f"name={name or f'{experiment.name}-{digest(telling)[:8]}'}")
    return list(chosen.values())


# What does not tell one sweep from another: where it runs, and where its data lie.
_UNTOLD = {"data.root", "data.mirror", "hydra/launcher", "hydra.launcher.n_jobs", "trainer.num_threads"}


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
