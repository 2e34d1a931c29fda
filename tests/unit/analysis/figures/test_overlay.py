"""Figures with all curves of a metric in one panel."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from src.analysis.figures.draw import MAX_OVERLAID, draw_chart
from src.analysis.figures.multiples import draw_multiples
from src.analysis.figures.overlay import draw_overlay
from src.analysis.figures.style import ORDER, palette, series_id
from tests.unit.analysis.figures.conftest import make_chart, make_metric, make_series, texts_of

STYLES = palette(["cosine", "step"])


def test_everything_of_a_schedule_has_its_id() -> None:
    band = (np.array([1.0, 2.0]), np.array([2.0, 3.0]))
    step = make_series("step", 1.5, 2.5, band=band, dots=(np.ones(1), np.ones(1)), crosses=np.ones(1))
    chart = make_chart(make_metric(make_series("cosine", 1, 2), step))
    for draw in (draw_overlay, draw_multiples):
        figure = draw(chart, STYLES)
        ids = [artist.get_gid() for axes in figure.axes for artist in [*axes.lines, *axes.collections]]
        assert set(ids) == {"series-cosine", "series-step"}
        assert figure.axes[0].get_gid() == "panel-1"


def test_ids_are_groups_in_the_svg() -> None:
    figure = draw_overlay(make_chart(make_metric(make_series("cosine", 1, 2), make_series("step", 2, 1))), STYLES)
    svg = io.BytesIO()
    figure.savefig(svg, format="svg")
    groups = [group.get("id") for group in ET.fromstring(svg.getvalue()).iter("{http://www.w3.org/2000/svg}g")]
    assert groups.count(series_id("step")) >= 4  # the curve, its label, the line to it, and its place in the legend


def test_legend_has_the_order_of_the_chart_row_by_row() -> None:
    names = ["step", "a schedule with a long name", "cosine", "another schedule with a long name", "linear"]
    series = [make_series(name, number) for number, name in enumerate(names)]
    figure = draw_overlay(make_chart(make_metric(*series)), palette(names))
    figure.draw_without_rendering()
    boxes = [(text.get_window_extent(), text.get_text()) for text in figure.legends[0].get_texts()]
    assert [name for _, name in sorted(boxes, key=lambda item: (-round(item[0].y0), item[0].x0))] == names
    assert figure.legends[0].get_title().get_text() == "best first"


def test_zoomed_axis_says_what_it_leaves_out() -> None:
    accuracies = [make_series(name, 10, 98, 98.5, 99 + number) for number, name in enumerate(STYLES)]
    zoomed, complete = (
        draw_overlay(make_chart(make_metric(*accuracies, is_zoomed=is_zoomed)), STYLES) for is_zoomed in (True, False)
    )
    assert zoomed.axes[0].get_ylim()[0] > 90
    assert "Below: epoch 1 of 2 curves" in texts_of(zoomed)
    assert complete.axes[0].get_ylim()[0] < 10


def test_curves_that_are_all_lost_are_drawn_without_a_warning() -> None:
    nothing = make_metric(make_series("cosine", np.nan), make_series("step"), is_logarithmic=True, is_zoomed=True)
    for draw in (draw_overlay, draw_multiples):
        draw(make_chart(nothing), STYLES).draw_without_rendering()


@pytest.mark.parametrize("count", [MAX_OVERLAID, MAX_OVERLAID + 1])
def test_at_most_eight_curves_share_a_panel(count: int) -> None:
    names = list(ORDER[:count])
    equal = make_series("mine", 0, 0)  # as the first one, so that there is no ninth curve
    series = [make_series(name, number, number) for number, name in enumerate(names)]
    figure = draw_chart(make_chart(make_metric(*series, equal)), palette([*names, "mine"]))
    assert len(figure.axes) == (1 if count <= MAX_OVERLAID else count)
    assert "constant = mine" in texts_of(figure)
