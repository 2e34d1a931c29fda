"""Panels on a phone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from src.analysis.figures.draw import draw_chart
from src.analysis.figures.panels import panels
from src.analysis.figures.save import save_figure
from src.analysis.figures.style import palette
from src.analysis.report.page_phone import ELSEWHERE, Phone
from src.analysis.report.page_svg import Panel, take_apart
from tests.unit.analysis.figures.conftest import make_chart, make_metric, make_series

WIDTH = 335  # pixels for a figure on a phone of 390


def panels_of(figure: Figure, folder: Path, *, is_grid: bool = False) -> list[Panel]:
    save_figure(figure, folder, "figure", fixed_margins=is_grid)
    return take_apart(folder / "figure.svg").panels


def phone_of(panel: Panel) -> Phone:
    assert panel.phone is not None
    return panel.phone


def pixels(phone: Phone, width: float = WIDTH) -> float:
    return phone.text_size * width / float(phone.view_box.split()[2])


def left_out(panel: Panel) -> list[str]:
    """The texts that a phone does not show."""
    return re.findall(rf'{ELSEWHERE}"[^>]*><text[^>]*>([^<]+)<', panel.markup)


@pytest.fixture
def curves(tmp_path: Path) -> list[Panel]:
    metric = make_metric(
        make_series("cosine", 10, 98.5, 99, 99.1), make_series("step", 20, 98, 98.2, 98.9), is_zoomed=True
    )
    names = palette(["cosine", "step"])
    return panels_of(draw_chart(make_chart(metric, metric), names), tmp_path)


def test_text_of_curves_is_legible_and_their_axes_line_up(curves: list[Panel]) -> None:
    assert [pixels(phone_of(panel)) >= 10 for panel in curves] == [True, True]
    assert len({phone_of(panel).view_box.split()[2] for panel in curves}) == 1
    for panel in curves:
        left, top, width, height = map(float, phone_of(panel).view_box.split())
        frame = json.loads(panel.scales)["frame"]
        assert left < frame[0] < frame[2] < left + width
        assert top < frame[1] < frame[3] < top + height


def test_name_of_the_y_axis_and_notes_are_written_above_a_panel(curves: list[Panel]) -> None:
    first, last = curves
    lines = phone_of(first).text.split("\n")
    assert lines[0].endswith("better")
    assert lines[1].startswith("Below: epoch")
    assert left_out(first) == lines
    assert left_out(last)[-2:] == ["cosine", "step"]  # they are in the legend


def test_long_names_at_the_left_have_room(tmp_path: Path) -> None:
    figure, (axes,) = panels("Test error", 1, width=7.5, height=3)
    axes.plot([1, 2], [0, 1])
    axes.set(yticks=[0, 1])
    axes.set_yticklabels(["cosine_restarts lr=0.05", "step"])
    (panel,) = panels_of(figure, tmp_path)
    phone = phone_of(panel)
    left = float(phone.view_box.split()[0])
    place = re.search(r'x="([\d.]+)"[^>]*>cosine_restarts', panel.markup)
    assert place is not None
    assert float(place[1]) - left > 23 * 0.6 * phone.text_size
    assert pixels(phone) >= 10


def test_small_panels_in_two_columns_keep_headings_and_drop_numbers_beside_long_ones(tmp_path: Path) -> None:
    names = [f"{'long_' * 3 * (number == 0)}name{number}" for number in range(9)]
    metric = make_metric(*(make_series(name, 98.123, 98.1 + number) for number, name in enumerate(names)))
    small = panels_of(draw_chart(make_chart(metric), palette(names)), tmp_path, is_grid=True)
    assert min(pixels(phone_of(panel), WIDTH / 2 - 5) for panel in small) >= 10
    assert [len(left_out(panel)) for panel in small[:2]] == [1, 0]
