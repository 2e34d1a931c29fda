"""Panels of a figure that stand alone: the box of each, and tick labels that it shares with others."""

from __future__ import annotations

import copy
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from typing import Any

Box = Sequence[float]  # left, top, right, bottom, in points
Described = Sequence[Mapping[str, Any]]  # panels as `describe` writes them

_GAP = 2  # points around a panel


def num_columns(panels: Described) -> int:
    return max(1, len({round(panel["frame"][0]) for panel in panels}))


def panel_boxes(panels: Described) -> list[Box]:
    """The box of each panel. Those of several rows get the same margins around their axes, so that they line up."""
    frames = [panel["frame"] for panel in panels]
    margins = [
        [abs(frame[side] - panel["box"][side]) for side in range(4)]
        for frame, panel in zip(frames, panels, strict=True)
    ]
    highest = [max(sides) for sides in zip(*margins, strict=True)]
    if num_columns(panels) < len(panels):
        margins = [highest] * len(margins)
    else:
        margins = [[left, highest[1], right, highest[3]] for left, _, right, _ in margins]
    return [_grown(frame, sides) for frame, sides in zip(frames, margins, strict=True)]


def _grown(box: Box, margins: Sequence[float]) -> Box:
    left, top, right, bottom = (margin + _GAP for margin in margins)
    return [box[0] - left, box[1] - top, box[2] + right, box[3] + bottom]


def share_tick_labels(panels: Described, groups: Mapping[str | None, ET.Element]) -> None:
    """Adds hidden tick labels to panels of a grid that have none: a phone shows them, where rows are shorter.

    Args:
        panels: Of one figure.
        groups: Their SVG groups by id.
    """
    for number, name in enumerate(("x", "y")):
        labeled = [(panel, labels) for panel in panels if (labels := _tick_labels(groups[panel["id"]], number))]
        for panel in panels:
            if not _tick_labels(groups[panel["id"]], number):
                source = next((part for part in labeled if part[0][name] == panel[name]), None)
                if source is not None:
                    groups[panel["id"]].append(_moved(source[1], source[0]["frame"], panel["frame"]))


def _tick_labels(axes: ET.Element, number: int) -> list[ET.Element]:
    """The labels of an axis: 0 is x, 1 is y."""
    axis = [group for group in axes if group.get("id", "").startswith("matplotlib.axis")][number]
    ticks = [group for group in axis if "tick" in group.get("id", "")]
    return [group for tick in ticks for group in tick if group.get("id", "").startswith("text")]


def _moved(labels: Sequence[ET.Element], start: Box, end: Box) -> ET.Element:
    shift = f"translate({end[0] - start[0]:.2f} {end[1] - start[1]:.2f})"
    group = ET.Element("g", {"class": "shared", "transform": shift})
    group.extend(copy.deepcopy(label) for label in labels)
    return group
