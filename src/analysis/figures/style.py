"""The style of schedules: one color, dash and marker for each, the same in every figure of every report."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

# Hues in the manner of Okabe and Ito, moved apart by a search for the largest smallest distance in CIELAB, as seen by
# people with normal color vision and with each kind of color blindness. All are visible on white and on black.
COLORS = (
    "#6B6B6B", "#2774C0", "#C35104", "#26C089", "#B994B3", "#81ADED", "#E59F19", "#81347B", "#4840C2", "#816442",
    "#86AB54",
)  # fmt: skip
DASHES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "h")
# The place of a schedule decides its style: append new ones. The first eleven, which the protocols and the benchmark
# compare, differ in color; the others share a color with one of them but differ in dash and marker.
ORDER = (
    "constant", "cosine", "one_cycle", "linear", "cyclic", "exponential", "step", "wsd", "cosine_restarts", "plateau",
    "rex",
    "trapezoid", "multi_step", "polynomial", "warmup_cosine", "inverse_sqrt", "cyclic_triangular2", "noam", "k_decay",
    "inverse_time", "flat_cosine", "power",
    "tanh", "sqrt", "cosine_cycles", "adaptive", "factor", "swa", "halving", "cyclic_exp_range", "inv_scaling",
)  # fmt: skip
_NUM_SPARE = len(COLORS) * len(DASHES) - len(ORDER) % (len(COLORS) * len(DASHES))  # looks that ORDER leaves
_NUM_PAIRS = len(DASHES) * len(MARKERS)  # of a dash and a marker; they have no common divisor
_FIRST_DASHES = (0, 0, 0, 1, 2, 1, 2, 1, 2, 3, 3)  # of the colors; those that often overlap differ, so that both show

Style = dict[str, Any]
Palette = dict[str, Style]
Look = tuple[str, str, str]  # color, dash, marker
T = TypeVar("T")


def palette(names: Iterable[str]) -> Palette:
    """A style for each name, in the order of the names.

    A schedule of the catalog always has the same style. Several settings of a schedule, such as `cosine lr=0.1`, have
    its color with dashes and markers of their own. These and the styles of other schedules follow from the name; only
    where two names of one call would look alike, the second in alphabetical order gets another one.
    """
    names = list(dict.fromkeys(names))
    counts = Counter(map(_schedule, names))
    plain = {name: name if counts[_schedule(name)] > 1 else _schedule(name) for name in names}
    looks = {name: _look(ORDER.index(schedule)) for name, schedule in plain.items() if schedule in ORDER}
    for name in sorted(set(names) - set(looks)):
        looks[name] = _free_look(name, set(looks.values()))
    return {name: _style(looks[name]) for name in names}


def series_id(name: str) -> str:
    """The id of everything that shows the series in an SVG: `series-cosine-lr-0.1`."""
    return "series-" + re.sub(r"[^\w.]+", "-", name).strip("-")


def _style(look: Look) -> Style:
    color, dash, marker = look
    return {"color": color, "linestyle": dash, "marker": marker, "linewidth": 1.6, "markersize": 4.5}


def _look(place: int) -> Look:
    """The look of a place in ORDER or after it; the first 44 differ in color or dash, the first 484 in some way."""
    hue, cycle = place % len(COLORS), place // len(COLORS)
    dash = DASHES[(_FIRST_DASHES[hue] + cycle) % len(DASHES)]
    return COLORS[hue], dash, MARKERS[(hue + 4 * cycle) % len(MARKERS)]


def _free_look(name: str, used: set[Look]) -> Look:
    """The first of the looks for a name that is least like a used one: a line should differ without its marker, too."""
    schedule, _, setting = name.partition(" ")
    looks = list(_setting_looks(_place(schedule), setting) if setting else _schedule_looks(schedule))
    lines, dots = ({(look[0], look[part]) for look in used} for part in (1, 2))
    return min(looks, key=lambda look: (look in used, (look[0], look[1]) in lines, (look[0], look[2]) in dots))


def _schedule(name: str) -> str:
    """`step` for `step (gamma=0.5) lr=0.1`."""
    return name.partition(" ")[0]


def _place(schedule: str) -> int:
    """The place of a schedule in ORDER; for one that is not there, one of the places after it, which its name decides.

    These are the places with a color and dash that no schedule in ORDER has.
    """
    return ORDER.index(schedule) if schedule in ORDER else len(ORDER) + _hash(schedule) % _NUM_SPARE


def _schedule_looks(schedule: str) -> Iterator[Look]:
    """Looks for a schedule outside ORDER."""
    first = _place(schedule) - len(ORDER)
    for cycle in range(len(MARKERS)):
        for place in range(_NUM_SPARE):
            yield _look(len(ORDER) + cycle * _NUM_SPARE + (first + place) % _NUM_SPARE)


def _setting_looks(place: int, setting: str) -> Iterator[Look]:
    """Looks for a setting of the schedule at a place: its color with any dash and marker."""
    color, _, _ = _look(place)
    pairs = [(DASHES[number % len(DASHES)], MARKERS[number % len(MARKERS)]) for number in range(_NUM_PAIRS)]
    return ((color, *pair) for pair in _rotated(pairs, _hash(setting) % _NUM_PAIRS))


def _rotated(values: Sequence[T], start: int) -> Sequence[T]:
    return [*values[start:], *values[:start]]


def _hash(text: str) -> int:
    return zlib.crc32(text.encode())
