"""Figures with a panel for each schedule."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from src.analysis.figures.chart import join_equal
from src.analysis.figures.multiples import draw_multiples
from src.analysis.figures.style import ORDER, palette
from tests.unit.analysis.figures.conftest import make_chart, make_metric, make_series, texts_of

STYLES = palette(ORDER)


def draw(count: int, **attributes: bool) -> Figure:
    validation = [make_series(name, 90, 99 - number / 100) for number, name in enumerate(ORDER[:count])]
    train = [make_series(name, 95, 99.5) for name in ORDER[:count]]
    metrics = make_metric(*train, name="train accuracy (%)"), make_metric(*validation, **attributes)
    return draw_multiples(join_equal(make_chart(*metrics)), STYLES)


def test_panels_have_the_order_of_the_chart_and_the_same_axes() -> None:
    figure = draw(10)
    assert [axes.get_title("left") for axes in figure.axes] == list(ORDER[:10])
    assert [axes.get_title("right") for axes in figure.axes][:3] == ["99", "98.99", "98.98"]
    assert len({(axes.get_xlim(), axes.get_ylim()) for axes in figure.axes}) == 1
    assert {"accuracy (%)  ↑ better", "validation accuracy", "train accuracy"} <= set(texts_of(figure))


def test_every_panel_shows_the_best_schedule_for_comparison() -> None:
    figure = draw(10)
    first, *others = ([line.get_gid() for line in axes.lines] for axes in figure.axes)
    assert first == ["series-constant"] * 2
    assert others == [["series-constant", *[f"series-{name}"] * 2] for name in ORDER[1:10]]
    assert "constant, for comparison" in texts_of(figure)


def test_ranks_are_best_at_the_top() -> None:
    bottom, top = draw(9, is_inverted=True).axes[0].get_ylim()
    assert bottom > top


def test_shortened_headings_are_noted_in_full() -> None:
    equals = [make_series(name, 90, 99) for name in ORDER[:5]]
    others = [make_series(name, 90, 98 - number) for number, name in enumerate(ORDER[5:14])]
    texts = texts_of(draw_multiples(join_equal(make_chart(make_metric(*equals, *others))), STYLES))
    assert "constant = 4 others" in texts
    assert any(" = ".join(ORDER[:5]) in text for text in texts)


@pytest.mark.parametrize("count", [9, 13, 31])
def test_any_number_of_schedules_fits_on_the_figure(count: int) -> None:
    figure = draw(count)
    figure.draw_without_rendering()
    titles = [title for axes in figure.axes for title in axes.findobj(Text) if title.get_text() in STYLES]
    assert len(titles) == count
    for text in [*titles, *figure.texts, *figure.legends[0].get_texts()]:
        box = text.get_window_extent()
        assert figure.bbox.x0 <= box.x0 <= box.x1 <= figure.bbox.x1, text
        assert figure.bbox.y0 <= box.y0 <= box.y1 <= figure.bbox.y1, text
