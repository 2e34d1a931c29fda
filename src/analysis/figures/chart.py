"""What a figure of curves shows: series by metric, and which of them are equal."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

Floats = npt.NDArray[np.float64]
MIN_SHARED = 0.25  # of the x axis; a shorter common start is not worth a sentence


@dataclass(frozen=True)
class Series:
    """One curve.

    Attributes:
        name: What decides its style.
        x: Of its points.
        y: Of its points.
        band: The lower and the upper edge of an interval at each x.
        dots: x and y of single runs.
        crosses: Each x at which there is no result.
    """

    name: str
    x: Floats
    y: Floats
    band: tuple[Floats, Floats] | None = None
    dots: tuple[Floats, Floats] | None = None
    crosses: Floats = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True)
class Metric:
    """The curves of one metric, in the order of the legend.

    Attributes:
        name: For the y axis.
        series: At least one.
        better: Which values are better.
        is_logarithmic: The scale of the y axis.
        is_staircase: A value holds until the next point.
        has_points: Every point is a measurement and gets a marker.
        is_zoomed: The y axis may leave out early and outlying values.
        is_inverted: Small values are at the top.
        limits: Of the y axis; None leaves them to the data.
    """

    name: str
    series: Sequence[Series]
    better: Literal["lower", "higher"] | None = None
    is_logarithmic: bool = False
    is_staircase: bool = False
    has_points: bool = True
    is_zoomed: bool = False
    is_inverted: bool = False
    limits: tuple[float, float] | None = None

    @property
    def label(self) -> str:
        """`test error (%)  ↓ better`."""
        if self.better is None:
            return self.name
        return f"{self.name}  {'↑' if (self.better == 'higher') != self.is_inverted else '↓'} better"


@dataclass(frozen=True)
class Chart:
    """The metrics of a figure, all with the same schedules and the same x axis.

    Attributes:
        title: Of the figure.
        xlabel: Of the x axis.
        metrics: At least one. The last is the main one.
        heading: What the order of the legend means.
        prepare: Sets the scale and the ticks of an x axis.
        is_over_time: Whether series that start as one are worth a sentence.
        number: What a panel of a schedule states of it: a value of the main metric.
        labels: The text for each series that is drawn, `cosine = k_decay` if it stands for several.
        notes: What else a reader must know, such as series that start as one: `constant = wsd until 4.0`.
    """

    title: str
    xlabel: str
    metrics: Sequence[Metric]
    heading: str
    prepare: Callable[[Axes], None]
    is_over_time: bool = False
    number: Literal["first", "last", "lowest"] = "last"
    labels: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()


def join_equal(chart: Chart) -> Chart:
    """The chart with labels and notes, and without series that equal an earlier one in all metrics."""
    names = [series.name for series in chart.metrics[-1].series]
    curves = {name: [_by_name(metric, name) for metric in chart.metrics] for name in names}
    joined: dict[str, list[str]] = {}
    starts: dict[str, list[str]] = {}
    for name, curve in curves.items():
        shared = {other: _shared_end(curves[other], curve) for other in joined}
        other = max(shared, key=lambda key: shared[key], default=None)
        if other is not None and shared[other] == math.inf:
            joined[other].append(name)
            continue
        if other is not None and chart.is_over_time and shared[other] >= _worth_saying(curve):
            starts.setdefault(other, []).append(f"{name} until {shared[other]:.1f}")
        joined[name] = [name]
    metrics = [
        replace(metric, series=[series for series in metric.series if series.name in joined])
        for metric in chart.metrics
    ]
    labels = {name: " = ".join(equals) for name, equals in joined.items()}
    notes = [f"{labels[name]} = {', = '.join(others)}" for name, others in starts.items()]
    return replace(chart, metrics=metrics, labels=labels, notes=[*chart.notes, *notes])


def _by_name(metric: Metric, name: str) -> Series | None:
    return next((series for series in metric.series if series.name == name), None)


def _worth_saying(curve: Sequence[Series | None]) -> float:
    """The x up to which two series have to be equal to be mentioned."""
    x = np.concatenate([series.x for series in curve if series is not None])
    return float(x.min() + MIN_SHARED * np.ptp(x)) if len(x) else math.inf


def _shared_end(first: Sequence[Series | None], second: Sequence[Series | None]) -> float:
    """The x up to which two series are equal in all metrics; infinite if they are equal everywhere."""
    return min(_equal_until(one, other) for one, other in zip(first, second, strict=True))


def _equal_until(first: Series | None, second: Series | None) -> float:
    if first is None or second is None or not np.array_equal(first.crosses, second.crosses):
        return -math.inf
    length = min(len(first.x), len(second.x))
    is_equal = np.isclose(first.x[:length], second.x[:length]) & np.isclose(
        first.y[:length], second.y[:length], rtol=1e-9, atol=0, equal_nan=True
    )
    num_equal = length if is_equal.all() else int(np.argmin(is_equal))
    if num_equal == 0:
        return -math.inf
    return math.inf if num_equal == len(first.x) == len(second.x) else float(first.x[num_equal - 1])
