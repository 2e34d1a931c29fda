"""What the SVG of a figure says about itself: its title, panels with their scales, legend and notes.

The report page takes figures apart with it: it stacks panels, writes title, legend and notes as text, and turns places
in a panel into values.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter
from matplotlib.transforms import Bbox

SERIES = "series-"  # how the gids of everything that shows a series begin
POINTS_PER_INCH = 72  # the unit of matplotlib's SVG files
NAMED = (FixedFormatter, FuncFormatter)  # formatters of axes with names at fixed places


def describe(figure: Figure) -> dict[str, str]:
    """Metadata for an SVG file. `Description` is JSON; boxes are left, top, right, bottom in the units of the file."""
    title, labels, notes = _texts(figure)
    content = {
        "panels": list(_panels(figure)),
        "legend": _legend(figure),
        "names": _names(figure),
        "labels": labels,
        "notes": notes,
    }
    return {"Title": title, "Description": json.dumps(content)}


def _texts(figure: Figure) -> tuple[str, dict[str, str], list[str]]:
    """The texts outside of the panels: the title above them, the names of axes that they share, and notes.

    A name of the x axis is centered, one of the y axis rotated.
    """
    top = max((axes.get_position().y1 for axes in figure.axes), default=0.0)
    title, notes, labels = [], [], {}
    for text in sorted(figure.texts, key=lambda text: -text.get_position()[1]):
        if text.get_rotation():
            labels["y"] = text.get_text()
        elif text.get_position()[1] >= top:
            title.append(text.get_text())
        elif text.get_horizontalalignment() == "center":
            labels["x"] = text.get_text()
        elif text.get_text():
            notes.append(text.get_text())
    return "\n".join(title), labels, notes


def _legend(figure: Figure) -> dict[str, Any]:
    """The heading of the legend, and gid and text of its entries; the gid is empty for what is not a series."""
    texts = [text for legend in figure.legends for text in legend.get_texts()]
    heading = next((legend.get_title().get_text() for legend in figure.legends), "")
    return {"heading": heading, "entries": [[_series_of(text), text.get_text()] for text in texts]}


def _series_of(artist: Artist) -> str:
    gid = str(artist.get_gid())
    return gid if gid.startswith(SERIES) else ""


def _names(figure: Figure) -> dict[str, str]:
    """The name of each series by its gid: its text in the legend, or the label of one of its artists."""
    labels = ((_series_of(artist), str(artist.get_label())) for artist in figure.findobj())
    names = {gid: label for gid, label in labels if gid and label and not label.startswith("_")}
    return names | {gid: text for gid, text in _legend(figure)["entries"] if gid}


def _panels(figure: Figure) -> Iterator[dict[str, Any]]:
    number = 0
    # Without a renderer, matplotlib would make one for each panel.
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    for axes in figure.axes:
        if axes.get_visible():
            number += axes.get_gid() is None  # matplotlib numbers those without a gid
            yield {"id": axes.get_gid() or f"axes_{number}", **_panel(figure, axes, renderer)}


def _panel(figure: Figure, axes: Axes, renderer: RendererAgg) -> dict[str, Any]:
    return {
        "box": _in_points(figure, axes.get_tightbbox(renderer) or axes.bbox),
        "frame": _in_points(figure, axes.bbox),
        "title": axes.get_title() or axes.get_title("left"),
        "x": _scale(axes.xaxis),
        "y": _scale(axes.yaxis),
    }


def _in_points(figure: Figure, box: Bbox) -> list[float]:
    """The box in points from the top left corner, as SVG counts."""
    unit, height = POINTS_PER_INCH / figure.get_dpi(), figure.bbox.height
    return [round(unit * place, 2) for place in (box.x0, height - box.y1, box.x1, height - box.y0)]


def _scale(axis: Axis) -> dict[str, Any] | None:
    """The label, kind and limits of an axis; None for one of names rather than numbers."""
    if isinstance(axis.get_major_locator(), FixedLocator) and isinstance(axis.get_major_formatter(), NAMED):
        return None
    limits = [float(limit) for limit in axis.get_view_interval()]
    return {"label": axis.get_label_text(), "kind": axis.get_scale(), "limits": limits}
