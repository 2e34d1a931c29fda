"""What the user should know before a sweep starts. Imports little, because every sweep waits for it."""

from __future__ import annotations

from collections.abc import Iterator

from src.analysis.sweep_file import read_sweep_file
from src.analysis.wording import count_noun
from src.config.auto_lr import wants_range_test
from src.sweeps.plan import Plan

OTHER_SWEEP = "{} holds another sweep: its runs are kept, its tables are replaced"
_OTHER_RUNS = "{} holds {} of an earlier command, which the tables include"


def plan_notes(plan: Plan) -> Iterator[str]:
    """For a sweep without a protocol: whether its folder holds other runs."""
    if any(map(wants_range_test, (job.overrides for job in plan.jobs))):  # the folders of its runs are not known yet
        return
    earlier = read_sweep_file(plan.folder)
    earlier_folders = {job["folder"] for job in earlier.get("jobs") or []}
    folders = {str(job.folder.relative_to(plan.folder)) for job in plan.jobs}
    if folders <= earlier_folders or earlier_folders <= folders:  # a part of it is repeated, or it has grown
        return
    if earlier.get("protocol"):
        yield OTHER_SWEEP.format(plan.folder)
    else:
        yield _OTHER_RUNS.format(plan.folder, count_noun(len(earlier_folders - folders), "other run"))
