"""Panels on a phone: larger text, and nothing in them that the page says beside them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from src.analysis.report.page_panels import Box, Described, num_columns

ELSEWHERE = "elsewhere"  # the class of what a phone does not show
_WIDTH, _BETWEEN = 335, 10  # pixels that a page leaves for a figure on a phone of 390, and between two columns
_TEXT = 10.3  # pixels
_LARGEST = 24  # points, so that long names leave room for the panel
_CHARACTER, _BELOW = 0.62, 1.0  # of the size: the width of a character, the room below the baseline of a text
_LONGEST_HEADING = 19  # characters of a heading and the number beside it
_GAP = 6  # points around a panel
_ROUNDS = 10  # larger text needs wider margins, which make a panel smaller and need larger text
_SIDES = {"start": (0.0, 1.0), "middle": (0.5, 0.5), "end": (1.0, 0.0)}  # what a text takes left and right of its place
_NUMBERS = re.compile(r"-?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Phone:
    """A panel on a phone: its box, the size of its text in the units of the box, and what to write above it."""

    view_box: str
    text_size: float
    text: str


@dataclass(frozen=True)
class _Text:
    x: float
    y: float
    anchor: str
    length: int

    def margins(self, frame: Box, size: float) -> list[float]:
        """What the text takes at each side of the axes: left, top, right, bottom; negative inside."""
        before, after = (share * _CHARACTER * self.length * size for share in _SIDES[self.anchor])
        sides = (frame[0] - self.x + before, frame[1] - self.y + size, self.x + after - frame[2])
        return [*sides, self.y - frame[3] + _BELOW * size]


def phones(panels: Described, groups: Mapping[str | None, ET.Element], legend: Collection[str]) -> list[Phone]:
    """Marks what a phone does not show; returns how it shows the rest.

    Args:
        panels: Of one figure.
        groups: Their SVG groups by id.
        legend: The keys of the series in the legend.
    """
    texts = [_leave_out(groups[panel["id"]], panel, legend) for panel in panels]
    frames = [panel["frame"] for panel in panels]
    outside = [
        [text for text in _texts(groups[panel["id"]]) if max(text.margins(panel["frame"], 0)) > 0] for panel in panels
    ]
    columns = 2 if num_columns(panels) > 2 else 1
    width = (_WIDTH - _BETWEEN * (columns - 1)) / columns
    size = 0.0
    for _ in range(_ROUNDS):
        margins = _margins(frames, outside, size)
        widest = max(right - left for left, _, right, _ in frames)
        size = min(_LARGEST, _TEXT / width * (margins[0] + widest + margins[2]))
    return [Phone(_view_box(frame, margins), round(size, 1), text) for frame, text in zip(frames, texts, strict=True)]


def _margins(frames: Sequence[Box], texts: Sequence[Sequence[_Text]], size: float) -> list[float]:
    """The widest margins of all panels, so that their axes line up."""
    sides = [text.margins(frame, size) for frame, part in zip(frames, texts, strict=True) for text in part]
    return [_GAP + max([0.0, *(side[number] for side in sides)]) for number in range(4)]


def _view_box(frame: Box, margins: Sequence[float]) -> str:
    left, top, right, bottom = margins
    width, height = frame[2] - frame[0] + left + right, frame[3] - frame[1] + top + bottom
    return f"{frame[0] - left:.4g} {frame[1] - top:.4g} {width:.4g} {height:.4g}"


def _leave_out(axes: ET.Element, panel: Mapping[str, Any], legend: Collection[str]) -> str:
    """Marks the name of the y axis, notes, and labels of series that the legend has; returns the name and the notes."""
    _mark_axes([child for child in axes if child.get("id", "").startswith("matplotlib.axis")])
    notes, headings = [], []
    children = list(axes)
    for number, child in enumerate(children):
        if (text := child.find("text")) is None:
            continue
        if child.get("data-series") in legend:
            _mark(ELSEWHERE, *(part for part in children[number - 1 : number + 1] if part.get("data-series")))
        elif child.get("data-series") is None and float(text.get("y", "0")) > panel["frame"][1]:
            _mark(ELSEWHERE, child)
            notes.append(str(text.text))
        elif child.get("data-series") is None:
            headings.append(child)
    if sum(len("".join(child.itertext())) for child in headings) > _LONGEST_HEADING:
        _mark(ELSEWHERE, *headings[1:])
    return "\n".join(filter(None, [(panel["y"] or {}).get("label", ""), *notes]))


def _mark_axes(axes: Sequence[ET.Element]) -> None:
    """Marks the names of the x axis, which larger tick labels push down, and of the y axis."""
    _mark("x-axis", *axes[:1])
    for name, axis in zip(("x-name", ELSEWHERE), axes, strict=False):
        _mark(name, *(part for part in axis if part.find("text") is not None))


def _mark(name: str, *elements: ET.Element) -> None:
    for element in elements:
        element.set("class", f"{element.get('class', '')} {name}".strip())


def _texts(element: ET.Element, shift: tuple[float, float] = (0.0, 0.0)) -> Iterator[_Text]:
    """The texts that a phone shows."""
    if ELSEWHERE in element.get("class", ""):
        return
    if element.get("class") == "shared":  # they are moved here from another panel
        x, y = (float(number) for number in _NUMBERS.findall(element.get("transform", ""))[:2])
        shift = (x, y)
    for child in element:
        if child.tag == "text" and child.get("x") is not None:
            x, y = float(child.get("x", "")) + shift[0], float(child.get("y", "")) + shift[1]
            anchor = re.search(r"text-anchor: ?(\w+)", child.get("style", ""))
            yield _Text(x, y, anchor[1] if anchor else "start", len("".join(child.itertext())))
        else:
            yield from _texts(child, shift)
