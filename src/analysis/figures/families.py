"""Families of schedules: the order and the headings of a preview."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from src.schedules.preview import Curve

FAMILIES: dict[str, tuple[str, ...]] = {
    "Constant and step decay": ("constant", "step", "multi_step", "exponential", "factor"),
    "Wall clock": ("halving",),
    "Decay to the end of the run": ("linear", "polynomial", "rex", "tanh"),
    "Metric-driven": ("plateau", "adaptive"),
    "Cosine": ("cosine", "k_decay", "cosine_cycles", "cosine_restarts"),
    "Cyclic": ("cyclic", "cyclic_triangular2", "cyclic_exp_range"),
    "Flat, then decay": ("wsd", "flat_cosine", "swa"),
    "Warmup, then decay": ("one_cycle", "warmup_cosine", "trapezoid", "noam"),
    "Open-ended decay": ("inverse_time", "inverse_sqrt", "power", "sqrt", "inv_scaling"),
}
OTHERS = "Others"


def group_by_family(curves: Sequence[Curve]) -> dict[str, list[Curve]]:
    """Curves by family, both in the order of FAMILIES; schedules without a family come last."""
    groups = {
        family: [curve for name in members for curve in curves if curve.scheduler == name]
        for family, members in FAMILIES.items()
    }
    known = set(chain.from_iterable(FAMILIES.values()))
    groups[OTHERS] = [curve for curve in curves if curve.scheduler not in known]
    return {family: members for family, members in groups.items() if members}
