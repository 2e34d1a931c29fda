"""Limits of a y axis that show where curves differ, and what lies outside of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from src.analysis.figures.chart import Floats, Metric, Series
from src.analysis.figures.end_labels import shorten
from src.analysis.wording import count_noun, join_names

OUTLYING = 4  # times the typical distance from the best; values further away may be left out
_APPROACH = 1.0  # of the range of the late values, for the way there
_ENOUGH = 1.5  # times the zoomed range; only a wider range is cut
_ENOUGH_OUTLYING = 2  # the same for outlying values, which are missing altogether
_MARGIN = 0.05
_KEPT_POINTS = 3  # of a curve, or half of them if that is more: fewer do not show how it got there


def outlying_from(values: Floats, best: float) -> float:
    """The value beyond which values, of which smaller ones are better, are too far from the best to be shown."""
    limit = best + OUTLYING * (float(np.median(values)) - best)
    kept = values[values <= limit]
    is_worth_it = limit > best and values.max() - best > _ENOUGH_OUTLYING * (kept.max() - best)
    return limit if is_worth_it else np.inf


def find_limits(metric: Metric) -> tuple[float, float] | None:
    """The limits of the y axis; None leaves them to the data."""
    return metric.limits or (zoomed_limits(metric) if metric.is_zoomed else None)


def zoomed_limits(metric: Metric) -> tuple[float, float] | None:
    """Limits from the best value to a bit beyond the late ones, those of the second half of the x axis.

    A curve that ends inside keeps at least three points and half of them. None if there is little to leave out.
    """
    x = np.concatenate([series.x for series in metric.series])
    points = [_points(metric, series) for series in metric.series]
    late = [losses[times > (x.min() + x.max()) / 2] for times, losses in points] if len(x) else []
    worst = np.array([losses.max() for losses in late if len(losses)])
    if not len(worst):
        return None
    best = min(losses.min() for _, losses in points if len(losses))
    highest = worst[worst <= outlying_from(worst, best)].max()
    top = highest + _APPROACH * (highest - best)
    needed = max((_needed_top(metric, series, top) for series in metric.series), default=top)
    top = max(top, needed + _MARGIN * (needed - best))
    everything = max(losses.max() for _, losses in points if len(losses))
    if top <= best or everything - best <= _ENOUGH * (top - best):
        return None
    return _as_limits(metric, best - _MARGIN * (top - best), top)


def describe_outside(metric: Metric, limits: tuple[float, float], labels: Mapping[str, str]) -> str:
    """What the limits leave out: `Below: epoch 1 of 7 curves; noam (ends at 9.8)`; empty if nothing."""
    early, ends = [], []
    for series in metric.series:
        is_outside = (series.y < limits[0]) | (series.y > limits[1]) | ~np.isfinite(series.y)
        if not np.isfinite(series.y).any():
            ends.append(f"{shorten(labels[series.name])} (no finite value)")
        elif is_outside[-1]:
            ends.append(f"{shorten(labels[series.name])} (ends at {series.y[-1]:.3g})")
        elif is_outside.any():
            early.append((shorten(labels[series.name]), float(series.x[is_outside].max())))
    parts = [text for text in (_describe_early(early), join_names(ends) if ends else "") if text]
    side = "Below" if metric.better == "higher" else "Above"
    return f"{side}: {'; '.join(parts)}" if parts else ""


def _describe_early(early: Sequence[tuple[str, float]]) -> str:
    if not early:
        return ""
    last = max(x for _, x in early)
    epochs = "epoch 1" if last <= 1 else f"epochs 1–{last:g}"
    return f"{epochs} of {early[0][0] if len(early) == 1 else count_noun(len(early), 'curve')}"


def _needed_top(metric: Metric, series: Series, top: float) -> float:
    """The loss up to which enough points of a curve are inside; -inf if it does not end below `top`."""
    losses = _losses(metric, series.y)
    if not len(losses) or not losses[-1] <= top:
        return -np.inf
    kept = max(_KEPT_POINTS, -(-len(losses) // 2))
    return float(np.sort(losses)[:kept][-1])


def _losses(metric: Metric, values: Floats) -> Floats:
    """Lower for better values, on the scale of the axis."""
    if metric.is_logarithmic:
        values = np.log10(np.where(values > 0, values, np.nan))
    return -values if metric.better == "higher" else values


def _points(metric: Metric, series: Series) -> tuple[Floats, Floats]:
    """x and loss of all that is drawn of a series."""
    x = np.concatenate([series.x, *(series.x for _ in series.band or ()), *(series.dots or ())[:1]])
    losses = _losses(metric, np.concatenate([series.y, *(series.band or ()), *(series.dots or ())[1:]]))
    is_finite = np.isfinite(losses)
    return x[is_finite], losses[is_finite]


def _as_limits(metric: Metric, low: float, high: float) -> tuple[float, float]:
    if metric.better == "higher":
        low, high = -high, -low
    return (10**low, 10**high) if metric.is_logarithmic else (low, high)
