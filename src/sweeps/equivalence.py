"""How many seeds a study would need to show that schedules are equivalent, before it runs."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from src import layout
from src.analysis.stats import seeds_for_equivalence
from src.sweeps.study import Study

TYPICAL_SDS = (2, 4)  # standard deviations of paired differences, as multiples of the margin


def equivalence_note(study: Study) -> str:
    """How many seeds showing equivalence takes; empty if nothing is compared or the margin is zero.

    That depends on the standard deviation of paired differences: its median in an earlier comparison in the sweep's
    folder or, if there is none, two typical values.
    """
    margin = study.first_plan.jobs[0].config.data.equivalence_margin
    family = (len(study.protocol.schedulers) - 1) * len(study.first_grids)
    if not family or not margin:
        return ""
    opening = f"showing equivalence within ± {100 * margin:g} points takes about"
    earlier = _earlier_sd(study.first_plan.folder)
    if earlier:
        seeds = seeds_for_equivalence(earlier, margin, family)
        return f"{opening} {seeds} evaluation seeds, as paired differences here vary by {100 * earlier:.2g} points"
    low, high = (times * margin for times in TYPICAL_SDS)
    few, many = (seeds_for_equivalence(sd, margin, family) for sd in (low, high))
    return (
        f"{opening} {few} evaluation seeds if paired differences vary by {100 * low:g} points (standard deviation), "
        f"{many} if by {100 * high:g}"
    )


def _earlier_sd(folder: Path) -> float | None:
    """The median standard deviation of differences in the comparison that the folder holds."""
    try:
        table = pd.read_csv(folder / layout.COMPARISON_CSV)
    except (OSError, ValueError):  # there is none, or it is damaged and will be replaced
        return None
    sd = pd.to_numeric(table["difference_sd"], errors="coerce").dropna().median() if "difference_sd" in table else 0.0
    return float(sd) if sd > 0 else None
