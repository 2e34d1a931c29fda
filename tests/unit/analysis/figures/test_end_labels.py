"""Labels at the ends of curves."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.text import Annotation, Text

from src.analysis.figures.end_labels import nudge_apart, shorten
from src.analysis.figures.overlay import draw_overlay
from src.analysis.figures.style import palette
from tests.unit.analysis.figures.conftest import make_chart, make_metric, make_series

GAP = 0.05


@pytest.mark.parametrize("places", [[0.5, 0.5, 0.5], [0.0, 0.01, 0.9], [1.0, 1.0], [0.3, 0.1, 0.2], [0.7]])
def test_labels_are_apart_inside_and_in_order(places: list[float]) -> None:
    nudged = nudge_apart(np.array(places), GAP)
    assert nudged.min() >= 0
    assert nudged.max() <= 1
    assert np.diff(np.sort(nudged)).min(initial=1) >= GAP - 1e-9
    assert np.argsort(nudged, kind="stable").tolist() == np.argsort(places, kind="stable").tolist()


def test_labels_with_enough_space_stay_where_their_curves_end() -> None:
    assert nudge_apart(np.array([0.2, 0.9, 0.5]), GAP).tolist() == pytest.approx([0.2, 0.9, 0.5])


def test_drawn_labels_do_not_overlap() -> None:
    names = ["cosine", "step", "linear", "wsd", "rex", "noam", "tanh", "sqrt"]
    series = [make_series(name, 90, 99 + number / 1000) for number, name in enumerate(names)]
    figure = draw_overlay(make_chart(make_metric(*series)), palette(names))
    figure.draw_without_rendering()
    labels = [text for text in figure.axes[0].texts if isinstance(text, Annotation)]
    boxes = sorted((Text.get_window_extent(text) for text in labels), key=lambda box: box.y0)
    assert [text.get_text() for text in labels] == names
    assert all(lower.y1 <= upper.y0 + 1 for lower, upper in pairwise(boxes))


def test_long_joint_labels_are_shortened() -> None:
    assert shorten("constant = wsd") == "constant = wsd"
    assert shorten("constant = wsd = plateau = step = multi_step") == "constant = 4 others"
