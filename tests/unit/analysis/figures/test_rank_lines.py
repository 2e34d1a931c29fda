"""The figure of many ranks at a few budgets."""

from __future__ import annotations

from itertools import pairwise

from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text

from src.analysis.figures.grid import PALE
from src.analysis.figures.rank_lines import NUM_LEADERS, draw_rank_lines
from src.analysis.figures.style import ORDER, palette
from tests.unit.analysis.figures.conftest import make_chart, make_metric, make_series

COUNT = 31
STYLES = palette(ORDER)


def draw() -> Figure:
    """The last schedule at the first budget is the first at the second one; the others keep their order."""
    last = make_series(ORDER[COUNT - 1], COUNT, 1)
    series = [make_series(name, place, place + 1) for place, name in enumerate(ORDER[: COUNT - 1], 1)]
    metric = make_metric(last, *series, name="rank", better="lower", is_inverted=True)
    return draw_rank_lines(make_chart(metric), STYLES)


def test_leaders_at_any_budget_have_their_color() -> None:
    colors = {line.get_label(): line.get_color() for line in draw().axes[0].lines}
    leaders = [name for name, color in colors.items() if color != PALE]
    assert sorted(leaders) == sorted([*ORDER[:NUM_LEADERS], ORDER[COUNT - 1]])
    assert all(colors[name] == STYLES[name]["color"] for name in leaders)


def test_every_schedule_is_named_at_both_ends_without_overlap() -> None:
    figure = draw()
    figure.draw_without_rendering()
    labels = [text for text in figure.axes[0].texts if isinstance(text, Annotation)]
    assert sorted(label.get_text() for label in labels) == sorted([*ORDER[:COUNT]] * 2)
    for side in ("left", "right"):
        boxes = [Text.get_window_extent(label) for label in labels if label.get_horizontalalignment() == side]
        tops = sorted((box.y0, box.y1) for box in boxes)
        assert all(lower[1] <= upper[0] + 1 for lower, upper in pairwise(tops))


def test_best_rank_is_at_the_top() -> None:
    bottom, top = draw().axes[0].get_ylim()
    assert bottom > top
