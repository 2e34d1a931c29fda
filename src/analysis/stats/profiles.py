"""Performance profiles: how fast schedules reach their targets over several workloads."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from src.analysis.stats.conventions import Floats


def performance_profile(times: ArrayLike, ratios: ArrayLike) -> Floats:
    """The fraction of workloads that each schedule solves within `ratios` times the fastest; Dolan and Moré, 2002.

    Args:
        times: (workloads, schedules); infinite where a target was never reached.
        ratios: (r)

    Returns:
        (schedules, r)
    """
    table = np.nan_to_num(np.asarray(times, dtype=float), nan=np.inf, posinf=np.inf)
    relative = _relative(table, table.min(axis=1))
    return np.asarray((relative.T[:, :, None] <= np.asarray(ratios, dtype=float)).mean(axis=1))


def profile_area(times: ArrayLike, reference: ArrayLike, limit: float = 4.0) -> Floats:
    """Area under the fraction of workloads solved within a multiple of the reference's time, from 0 to `limit`.

    The area is divided by `limit`: 0.75 for the reference if it reaches every target, 1 for a schedule that takes no
    time, 0 for one that never reaches a target. As in AlgoPerf (Dahl et al., arXiv 2306.07179), but relative to one
    reference instead of the fastest schedule.

    Args:
        times: (workloads, schedules); infinite where a target was never reached.
        reference: (workloads)

    Returns:
        (schedules)
    """
    relative = _relative(np.asarray(times, dtype=float), np.asarray(reference, dtype=float))
    return np.asarray(np.clip(1 - relative / limit, 0, 1).mean(axis=0))


def _relative(times: Floats, reference: Floats) -> Floats:
    """Times as multiples of the reference; infinite where a target was never reached."""
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(times), times / reference[:, None], np.inf)
