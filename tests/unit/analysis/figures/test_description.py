"""What the SVG of a figure says about itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from src.analysis.figures.description import describe


@pytest.fixture
def figure() -> Figure:
    """Two panels of 100 x 100 pixels, of which the second one has names on its y axis."""
    figure = Figure(figsize=(4, 2), dpi=100)
    numbers, names = figure.add_axes((0.1, 0.25, 0.25, 0.5)), figure.add_axes((0.6, 0.25, 0.25, 0.5))
    numbers.plot([1, 2], [0.1, 10], gid="series-cosine", label="cosine")
    numbers.set(title="validation", xlabel="epoch", ylabel="loss", yscale="log", xlim=(1, 2), ylim=(10, 0.1))
    names.set(yticks=(0, 1), xlim=(0, 5))
    names.set_yticklabels(["cosine", "step"])
    names.set_gid("panel-2")
    return figure


def content(figure: Figure) -> dict[str, Any]:
    return dict(json.loads(describe(figure)["Description"]))


def test_panels_have_frames_in_points_from_the_top_and_scales(figure: Figure) -> None:
    first, second = content(figure)["panels"]
    assert (first["id"], second["id"]) == ("axes_1", "panel-2")
    assert first["frame"] == pytest.approx([28.8, 36, 100.8, 108])
    left, top, right, bottom = first["box"]
    assert left < 28.8
    assert top < 36
    assert right >= 100.8
    assert bottom > 108
    assert first["title"] == "validation"
    assert first["x"] == {"label": "epoch", "kind": "linear", "limits": [1, 2]}
    assert first["y"] == {"label": "loss", "kind": "log", "limits": [10, 0.1]}  # from the bottom to the top
    assert second["y"] is None  # names are not values


def test_series_have_the_name_in_the_legend_or_their_label(figure: Figure) -> None:
    assert content(figure)["names"] == {"series-cosine": "cosine"}
    handles = [Line2D([], [], label="cosine = k_decay"), Line2D([], [], label="median")]
    legend = figure.legend(handles=handles, title="best first")
    legend.get_texts()[0].set_gid("series-cosine")
    assert content(figure)["names"] == {"series-cosine": "cosine = k_decay"}
    assert content(figure)["legend"] == {
        "heading": "best first",
        "entries": [["series-cosine", "cosine = k_decay"], ["", "median"]],
    }


def test_texts_outside_of_panels_are_title_axis_names_or_notes(figure: Figure) -> None:
    figure.suptitle("Loss")
    figure.text(0.1, 0.85, "mnist")
    figure.text(0.5, 0.1, "epoch", ha="center")
    figure.text(0.01, 0.5, "loss", rotation=90)
    figure.text(0.1, 0.02, "step = constant until 2")
    assert describe(figure)["Title"] == "Loss\nmnist"
    assert content(figure)["labels"] == {"x": "epoch", "y": "loss"}
    assert content(figure)["notes"] == ["step = constant until 2"]


def test_all_panels_are_measured_by_one_renderer(monkeypatch: pytest.MonkeyPatch) -> None:
    figure = Figure()
    figure.subplots(2, 3)
    made: list[object] = []
    original = RendererAgg.__init__

    def counted(renderer: RendererAgg, width: float, height: float, dpi: float) -> None:
        made.append(renderer)
        original(renderer, width, height, dpi)

    monkeypatch.setattr(RendererAgg, "__init__", counted)
    describe(figure)
    assert len(made) == 1
