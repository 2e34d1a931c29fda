"""SVG figures taken apart."""

from __future__ import annotations

import json
import re
from pathlib import Path

from matplotlib.figure import Figure

from src.analysis.figures.save import save_figure
from src.analysis.report.page_svg import Drawing, take_apart


def make_figure(rows: int = 1) -> Figure:
    """Two panels in each row, with tick labels at the left and at the bottom only, and two series with a legend."""
    figure = Figure(figsize=(6, 3 * rows))
    figure.suptitle("Loss\nmnist")
    grid = figure.subplots(rows, 2, squeeze=False, sharex=True, sharey=True)
    for axes in grid.flat:
        axes.plot([1, 2], [1, 2], marker="o", color="#d55e00", gid="series-cosine")
        axes.plot([1, 2], [2, 1], color="#0072b2", gid="series-step")
        axes.set(title="<b>&", xlabel="epoch", ylabel="loss")
    legend = figure.legend(handles=grid[0, 0].lines, labels=["cosine", "step"], title="best first")
    for text in legend.get_texts():
        text.set_gid(f"series-{text.get_text()}")
    return figure


def drawing(folder: Path, rows: int = 1) -> Drawing:
    save_figure(make_figure(rows), folder, "loss")
    return take_apart(folder / "loss.svg")


def test_every_panel_is_an_svg_of_its_own(tmp_path: Path) -> None:
    parts = drawing(tmp_path)
    assert parts.title == "Loss\nmnist"
    assert len(parts.panels) == len(parts.columns) == 2
    left, right = (panel.view_box.split() for panel in parts.panels)
    assert float(left[0]) + float(left[2]) < float(right[0]) + 5  # side by side
    assert left[1:] == [left[1], left[2], right[3]]  # and of the same height
    assert parts.panels[0].label == "<b>&: loss over epoch"
    assert json.loads(parts.panels[0].scales)["y"]["kind"] == "linear"


def test_series_of_all_panels_share_a_key_and_ids_are_left_to_definitions(tmp_path: Path) -> None:
    parts = drawing(tmp_path)
    for panel in parts.panels:
        assert panel.markup.count('class="series" data-series="series-cosine"') == 1
        assert " id=" not in panel.markup
        assert set(re.findall(r'(?:href="|url\()#([\w.-]+)', panel.markup)) <= parts.definitions.keys()
    assert [(entry.key, entry.name) for entry in parts.legend] == [
        ("series-cosine", "cosine"),
        ("series-step", "step"),
    ]
    assert parts.heading == "best first"
    assert json.loads(parts.names) == {"series-cosine": "cosine", "series-step": "step"}


def test_colors_are_variables_and_places_are_rounded(tmp_path: Path) -> None:
    parts = drawing(tmp_path)
    markup = parts.panels[0].markup + "".join(parts.definitions.values())
    assert {"#d55e00", "#0072b2", "#ffffff"} <= parts.colors
    assert not re.search(r"#[0-9a-f]{6}\b(?!\")", re.sub(r'href="#\w+"|url\(#\w+\)', "", markup))
    assert "stroke:var(--cd55e00)" in markup
    assert not re.search(r' d="[^"]*\.\d{3}', markup)
    assert parts.num_bytes < 0.7 * (tmp_path / "loss.svg").stat().st_size


def test_panels_of_a_grid_are_equally_large_and_get_the_tick_labels_of_others(tmp_path: Path) -> None:
    parts = drawing(tmp_path, rows=2)
    assert len({tuple(panel.view_box.split()[2:]) for panel in parts.panels}) == 1
    assert [panel.markup.count('class="shared"') for panel in parts.panels] == [1, 2, 0, 1]


def test_figure_that_does_not_describe_itself_remains_in_one_piece(tmp_path: Path) -> None:
    make_figure().savefig(tmp_path / "old.svg")
    parts = take_apart(tmp_path / "old.svg")
    (panel,) = parts.panels
    assert panel.view_box == "0 0 432 216"
    assert panel.markup.count('data-series="series-step"') >= 2
    assert parts.legend == []
