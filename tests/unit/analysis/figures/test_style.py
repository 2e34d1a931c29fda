"""Styles of schedules: distinct, the same in every report, and distinct to the color-blind."""

from __future__ import annotations

import random
from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from src.analysis.figures.style import COLORS, DASHES, MARKERS, ORDER, palette, series_id
from src.config import CONF
from src.sweeps.experiment import Experiment
from src.sweeps.presets import load_preset
from src.sweeps.protocol import Protocol

CATALOG = sorted(path.stem for path in (CONF / "scheduler").glob("*.yaml"))
COMMON = {  # schedules that are often in one figure
    "quick": load_preset(Protocol, "protocol", "quick").schedulers,
    "standard": load_preset(Protocol, "protocol", "standard").schedulers,
    "strict": load_preset(Protocol, "protocol", "strict").schedulers,
    "benchmark": load_preset(Experiment, "experiment", "benchmark").schedulers,
}
DISTINCT = 20  # in CIELAB, where 2.3 is just noticeable
# Machado, Oliveira and Fernandes, A Physiologically-based Model for Simulation of Color Vision Deficiency (2009):
# linear RGB as seen without one of the three cones.
VISION = {
    "normal": np.eye(3),
    "protanopia": [[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]],
    "deuteranopia": [[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]],
    "tritanopia": [[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = TO_XYZ.sum(axis=1)


def linear_rgb(colors: list[str]) -> np.ndarray:
    values = np.array([to_rgb(color) for color in colors])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIELAB coordinates of linear RGB."""
    ratios = rgb.clip(0, 1) @ TO_XYZ.T / WHITE
    x, y, z = np.where(ratios > 0.008856, np.cbrt(ratios), 7.787 * ratios + 16 / 116).T
    return np.column_stack([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def looks_of(*names: str) -> list[tuple[str, str, str]]:
    """Color, dash and marker of each schedule in a figure of these schedules."""
    return [(style["color"], style["linestyle"], style["marker"]) for style in palette(names).values()]


def test_every_schedule_of_the_catalog_has_a_place_and_a_look_of_its_own() -> None:
    assert sorted(ORDER) == CATALOG
    looks = looks_of(*CATALOG)
    assert len({(color, dash) for color, dash, _ in looks}) == len(CATALOG)
    for color in COLORS:
        markers = [marker for other, _, marker in looks if other == color]
        assert len(set(markers)) == len(markers)


def test_style_of_a_schedule_does_not_depend_on_the_others() -> None:
    names = [*CATALOG, "mine", "step lr=0.1", "step lr=0.3"]
    random.Random(0).shuffle(names)
    everywhere = palette(names)
    assert list(everywhere) == names
    assert all(palette([name])[name] == everywhere[name] for name in CATALOG)


@pytest.mark.parametrize("names", COMMON.values(), ids=COMMON)
@pytest.mark.parametrize("matrix", VISION.values(), ids=VISION)
def test_common_schedules_differ_in_color_to_everybody(names: list[str], matrix: np.ndarray) -> None:
    colors = [palette(names)[name]["color"] for name in names]
    points = lab(linear_rgb(colors) @ np.asarray(matrix).T)
    assert min(np.linalg.norm(one - other) for one, other in combinations(points, 2)) >= (
        DISTINCT if matrix is not VISION["tritanopia"] else 0.8 * DISTINCT  # tritanopia is a hundred times rarer
    )


def test_colors_are_visible_on_white_and_on_black() -> None:
    luminance = linear_rgb(list(COLORS)) @ TO_XYZ[1]
    assert (1.05 / (luminance + 0.05)).min() > 2.2
    assert ((luminance + 0.05) / 0.05).min() > 2.5


def test_schedules_outside_the_catalog_look_like_no_other() -> None:
    mine = [f"mine_{number}" for number in range(10)]
    looks = looks_of(*CATALOG, *mine)
    assert len({(color, dash) for color, dash, _ in looks}) == len(looks)
    assert looks_of("mine_3", *CATALOG)[0] == looks_of("mine_3")[0]
    assert len(set(looks_of(*(f"mine_{number}" for number in range(140))))) == 140


def test_settings_of_a_schedule_share_its_color() -> None:
    looks = looks_of("cosine lr=0.01", "cosine lr=0.03", "cosine lr=0.1", "cosine lr=0.3")
    assert {color for color, _, _ in looks} == {palette(["cosine"])["cosine"]["color"]}
    assert len({dash for _, dash, _ in looks}) == len({marker for _, _, marker in looks}) == 4
    most = len(DASHES) * len(MARKERS)
    assert len(set(looks_of(*(f"cosine lr={number}" for number in range(most))))) == most


def test_only_setting_of_a_schedule_looks_like_the_schedule() -> None:
    assert looks_of("swa (averaging=swa)", "step") == looks_of("swa", "step")


def test_ids_are_slugs_of_names() -> None:
    assert series_id("cosine_restarts") == "series-cosine_restarts"
    assert series_id("cosine lr=0.1") == "series-cosine-lr-0.1"
    assert series_id("step (gamma=0.5) lr=1e-05") == "series-step-gamma-0.5-lr-1e-05"
