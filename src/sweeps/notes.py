"""What the user should know before a sweep starts. Imports little, because every sweep waits for it."""

from __future__ import annotations

from collections.abc import Iterator

from src.analysis.sweep_file import read_sweep_file
from src.analysis.wording import count_noun
from src.config.auto_lr import wants_range_test
from src.errors import UsageError
from src.sweeps.plan import Plan

_OTHER_RUNS = "{} holds {} of an earlier command, which the tables include"


def check_no_protocol(plan: Plan) -> None:
    """Keeps a sweep without a protocol out of the folder of one with a protocol, whose tuning runs are not results.

    Raises:
        UsageError: the folder holds a protocol.
    """
    if protocol := read_sweep_file(plan.folder).get("protocol"):
        raise UsageError(
            f"{plan.folder} holds a sweep with protocol={protocol.get('name')}, and its tuning runs would be mixed "
            "with these; choose another folder with name=NAME or hydra.sweep.dir=DIR"
        )


def plan_notes(plan: Plan) -> Iterator[str]:
    """For a sweep without a protocol: whether its folder holds other runs."""
    if any(map(wants_range_test, (job.overrides for job in plan.jobs))):  # the folders of its runs are not known yet
        return
    earlier = read_sweep_file(plan.folder)
    earlier_folders = {job["folder"] for job in earlier.get("jobs") or []}
    folders = {str(job.folder.relative_to(plan.folder)) for job in plan.jobs}
    if folders <= earlier_folders or earlier_folders <= folders:  # a part of it is repeated, or it has grown
        return
    yield _OTHER_RUNS.format(plan.folder, count_noun(len(earlier_folders - folders), "other run"))
