"""SVG figures taken apart for the page: one inline SVG per panel, whose colors and series the page controls."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from src.analysis.figures.description import SERIES
from src.analysis.report.page_colors import COLOR, color_variable
from src.analysis.report.page_panels import Box, num_columns, panel_boxes, share_tick_labels
from src.analysis.report.page_phone import Phone, phones

NO_DESCRIPTION: dict[str, Any] = {
    "panels": [], "legend": {"heading": "", "entries": []}, "names": {}, "labels": {}, "notes": [],
}  # fmt: skip

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_NUMERIC = ("d", "x", "y")  # attributes that are rounded to a hundredth of a point


@dataclass(frozen=True)
class Panel:
    """One panel. `scales` is JSON: the frame of the axes, and what places along its sides stand for.

    `phone` is None for a figure in one piece.
    """

    label: str
    view_box: str
    width: float
    scales: str
    markup: str
    phone: Phone | None = None


@dataclass(frozen=True)
class Entry:
    """An entry of the legend: its name, a sample of its line, and the key of its series; empty if it is none."""

    key: str
    name: str
    view_box: str
    markup: str


@dataclass(frozen=True)
class Drawing:
    """A figure taken apart.

    Attributes:
        title: The text above the panels; its second line is the workload.
        panels: In the order in which they are drawn.
        columns: The width of each column of panels.
        heading: What the order of the legend means.
        legend: The series, in the order of the legend.
        labels: The names of axes that all panels share, by `x` and `y`.
        notes: Other texts of the figure.
        names: The name of each series as JSON.
        definitions: Glyphs, markers and clip paths by id. Ids are hashes of what they stand for, so figures share them.
        colors: All colors, as `#rrggbb`.
    """

    title: str
    panels: list[Panel]
    columns: list[float]
    heading: str
    legend: list[Entry]
    labels: dict[str, str]
    notes: list[str]
    names: str
    definitions: dict[str, str]
    colors: set[str]

    @property
    def num_bytes(self) -> int:
        return sum(len(text) for text in (*self.definitions.values(), *(panel.markup for panel in self.panels)))


def take_apart(path: Path) -> Drawing:
    """The parts of an SVG file by `save_figure`. One that does not say where its panels are remains in one piece."""
    root = ET.fromstring(path.read_text())
    about = _description(root)
    colors = {color.lower() for element in root.iter() for color in COLOR.findall(element.get("style", ""))}
    _simplify(root)
    definitions = _definitions(root)
    groups = {group.get("id"): group for group in root.iter("g")}
    if len(about["panels"]) > num_columns(about["panels"]):
        share_tick_labels(about["panels"], groups)
    legend = about["legend"]
    layouts = phones(about["panels"], groups, {key for key, _ in legend["entries"] if key}) if about["panels"] else []
    _drop_ids(root)
    panels = [
        _panel(panel, box, groups[panel["id"]], about["labels"], phone)
        for panel, box, phone in zip(about["panels"], panel_boxes(about["panels"]), layouts, strict=True)
    ] or [_whole(root, about["title"])]
    return Drawing(
        title=about["title"],
        panels=panels,
        columns=[panel.width for panel in panels[: num_columns(about["panels"])]],
        heading=legend["heading"],
        legend=_entries(groups.get("legend_1"), legend["entries"]),
        labels=about["labels"],
        notes=about["notes"],
        names=json.dumps(about["names"]),
        definitions=definitions,
        colors=colors,
    )


def _description(root: ET.Element) -> dict[str, Any]:
    """What the figure says about itself, and its title; the second title in the file is matplotlib's."""
    texts: dict[str, str] = {}
    for element in root.iter():
        texts.setdefault(_local(element.tag), element.text or "")
    if "description" not in texts:
        return {"title": "", **NO_DESCRIPTION}
    return {"title": texts.get("title", ""), **json.loads(texts["description"])}


def _local(name: str) -> str:
    """A tag or an attribute without its namespace, which HTML does not need."""
    return name.rpartition("}")[2]


def _simplify(root: ET.Element) -> None:
    """Drops what the page does not need; what belongs to a series says so in `data-series`, because ids are unique."""
    for element in root.iter():
        element.tag, element.tail = _local(element.tag), None
        element.text = element.text if element.tag in ("text", "tspan") else None
        attributes = {_local(name): _compact(_local(name), value) for name, value in element.attrib.items()}
        if attributes.get("id", "").startswith(SERIES):
            attributes |= {"class": "series", "data-series": attributes.pop("id")}
        element.attrib.clear()
        element.attrib.update(attributes)
    for parent in list(root.iter()):
        for child in [child for child in parent if child.tag in ("metadata", "style")]:
            parent.remove(child)


def _compact(name: str, value: str) -> str:
    if name == "style":
        return COLOR.sub(lambda match: f"var({color_variable(match.group())})", re.sub(r"([:;]) ", r"\1", value))
    if name in _NUMERIC:
        return " ".join(_LONG_NUMBER.sub(lambda match: f"{float(match.group()):.2f}", value).split())
    return value


def _entries(legend: ET.Element | None, entries: Sequence[Sequence[str]]) -> list[Entry]:
    """The entries of the legend row by row, each with the line in front of it."""
    handles = [] if legend is None else [group for group in legend.iter("g") if _line(group)]
    if len(handles) != len(entries):
        return []
    placed = []
    for (key, name), handle in zip(entries, handles, strict=True):
        left, y, *_, right, _ = _line(handle)
        view_box = f"{left - 1:g} {y - 5:g} {right - left + 2:g} 10"
        placed.append((round(y), left, Entry(key, name, view_box, _markup(handle))))
    return [entry for *_, entry in sorted(placed, key=lambda part: part[:2])]


def _line(group: ET.Element) -> list[float]:
    """The coordinates of the line in a group; empty if there is none."""
    path = group.find("path")
    if path is None or "fill:none" not in path.get("style", ""):
        return []
    return [float(number) for number in _NUMBER.findall(path.get("d", ""))]


def _definitions(root: ET.Element) -> dict[str, str]:
    """Takes all definitions out of the figure."""
    definitions: dict[str, str] = {}
    for parent in list(root.iter()):
        for defs in [child for child in parent if child.tag == "defs"]:
            definitions |= {child.get("id", ""): _markup(child) for child in defs}
            parent.remove(defs)
    return definitions


def _drop_ids(root: ET.Element) -> None:
    """Removes all ids that are left: no reference needs them, and every figure has the same."""
    for element in root.iter():
        element.attrib.pop("id", None)


def _panel(
    about: Mapping[str, Any], box: Box, group: ET.Element, shared_labels: Mapping[str, str], phone: Phone
) -> Panel:
    left, top, right, bottom = box
    scales = {name: _scale(about[name], shared_labels.get(name, "")) for name in ("x", "y")}
    names = [scale["label"] for scale in (scales["y"], scales["x"]) if scale and scale["label"]]
    return Panel(
        label=": ".join(filter(None, [about["title"], " over ".join(names)])),
        view_box=" ".join(f"{value:.4g}" for value in (left, top, right - left, bottom - top)),
        width=round(right - left),
        scales=json.dumps({"frame": about["frame"], **scales}),
        markup=_markup(group),
        phone=phone,
    )


def _scale(scale: Mapping[str, Any] | None, shared_label: str) -> dict[str, Any] | None:
    return None if scale is None else {**scale, "label": scale["label"] or shared_label}


def _whole(root: ET.Element, title: str) -> Panel:
    view_box = root.get("viewBox", "0 0 1 1")
    return Panel(title, view_box, float(view_box.split()[2]), "{}", "".join(map(_markup, root)))


def _markup(element: ET.Element) -> str:
    return ET.tostring(element, encoding="unicode")
