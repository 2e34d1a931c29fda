"""Plans on the terminal: what a sweep or a study will run, before it runs."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from src.analysis.stats import MIN_SEEDS
from src.analysis.wording import count_noun, ranges
from src.errors import DataUnavailableError, UsageError
from src.sweeps.equivalence import equivalence_note
from src.sweeps.estimate import num_evaluations, num_refinements, study_seconds
from src.sweeps.notes import plan_notes
from src.sweeps.packs import lockstep_note, with_packs
from src.sweeps.parallelism import concurrent_jobs
from src.sweeps.plan import Plan
from src.sweeps.reference import reference_note
from src.sweeps.status import format_duration
from src.sweeps.study import TUNING, Study
from src.sweeps.sweep_file import read_planned_jobs
from src.terminal import StdoutConsole


def print_plan(plan: Plan, reference: str | None = None) -> None:
    """Prints one line per job, with the overrides that not all jobs share."""
    shared = set.intersection(*(set(job.overrides) for job in plan.jobs))
    table = Table()
    for column in ("job", "status", "overrides"):
        table.add_column(column, justify="right" if column == "job" else "left")
    for number, job in enumerate(plan.jobs, 1):
        table.add_row(str(number), job.status(), " ".join(line for line in job.overrides if line not in shared))
    console = StdoutConsole()
    title = f"{count_noun(len(plan.jobs), 'job')} in {plan.folder}, {len(plan.unfinished())} to run"
    console.print(title, soft_wrap=True, highlight=False)
    console.print(table)
    console.print("all with", *sorted(shared), soft_wrap=True, highlight=False)
    notes = (*plan_notes(plan), reference_note(plan, reference), lockstep_note(with_packs(plan)))
    for note in filter(None, notes):
        console.print(f"note: {note}", soft_wrap=True, highlight=False)


def print_study(study: Study) -> None:
    """Prints the runs of a study and an estimate of their time."""
    protocol, plan = study.protocol, study.first_plan
    lrs = ", ".join(f"{lr:g}" for lr in next(iter(study.first_grids.values())).lrs)
    best = f"best lr of each schedule{' and seed' * protocol.tune_per_seed}"
    console = StdoutConsole(soft_wrap=True, highlight=False)
    unfinished = count_noun(len(plan.unfinished()), "tuning run")
    console.print(f"protocol={protocol.name} in {plan.folder}, {unfinished} to do")
    lines = [
        ("schedulers", f"{', '.join(protocol.schedulers)} (reference: {protocol.reference})"),
        _length(study),
        ("tune", f"{count_noun(len(plan.jobs), 'run')}: lr {lrs}; seeds {ranges(protocol.tuning_seeds)}"),
        *_refinement(study),
        ("evaluate", f"{count_noun(num_evaluations(study), 'run')}: {best}; seeds {ranges(protocol.evaluation_seeds)}"),
        *(("note", note) for note in (*study_notes(study), equivalence_note(study)) if note),
    ]
    for label, text in lines:
        console.print(f"  {label:<11} {text}")
    console.print(f"  {'time':<11} {_time(study)}")  # last: it is measured


def study_notes(study: Study) -> Iterator[str]:
    """What the user should know before spending hours: too few seeds, a folder with another sweep, lockstep."""
    num_seeds = len(study.protocol.evaluation_seeds)
    if len(study.protocol.schedulers) > 1 and num_seeds < MIN_SEEDS:
        seeds = count_noun(num_seeds, "evaluation seed")
        yield f"{seeds} cannot show any difference, however large: that takes {MIN_SEEDS}"
    plan = study.first_plan
    if note := lockstep_note(with_packs(plan)):
        yield note
    earlier_jobs = read_planned_jobs(plan.folder)
    tuning_folders = {job["folder"] for job in earlier_jobs if TUNING in job["overrides"]}
    # Seeds, rates and refinements may be added: a study is another one if no tuning run is shared.
    if earlier_jobs and tuning_folders.isdisjoint(str(job.folder.relative_to(plan.folder)) for job in plan.jobs):
        yield f"{plan.folder} holds another sweep: its runs are kept, its tables are replaced"


def _refinement(study: Study) -> list[tuple[str, str]]:
    if not study.protocol.refine:
        return []
    runs = count_noun(num_refinements(study), "run")
    return [("refine", f"{runs}: a quarter decade below and above each best lr; same seeds")]


def _length(study: Study) -> tuple[str, str]:
    seconds = study.first_plan.jobs[0].config.seconds
    return ("seconds", f"{seconds:g}") if seconds is not None else ("epochs", ", ".join(map(str, study.first_grids)))


def _time(study: Study) -> str:
    workers = concurrent_jobs(study.first_plan)
    try:
        duration = format_duration(study_seconds(study, workers))
    except DataUnavailableError:
        return "not measured: the data set is not here yet, and a dry run does not download it"
    except UsageError as error:
        return f"not measured: {error}"
    return f"about {duration} on {workers} worker{'s' * (workers > 1)} here, more if a grid is extended"
