"""A preview as a figure and a CSV."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from src.analysis.figures.families import OTHERS
from src.analysis.figures.gallery import draw_gallery, write_gallery
from src.analysis.figures.lr_panel import DECADES
from src.schedules.preview import Curve, Preview
from tests.unit.analysis.figures.conftest import make_curve, visible_texts

VISIBLE = 0.001  # of a panel's width or height; a fifth of a pixel in the PNG


def draw(*curves: Curve) -> Figure:
    return draw_gallery(Preview("The title", curves, {}))


def test_gallery_writes_three_complete_files(tmp_path: Path) -> None:
    preview = Preview("The title", [make_curve("cosine"), make_curve("step", note="made up")], {})
    paths = write_gallery(preview, tmp_path / "new" / "out")
    assert [path.name for path in paths] == ["schedules.png", "schedules.svg", "lr_curves.csv"]
    assert paths[0].read_bytes().startswith(b"\x89PNG")
    assert "</svg>" in paths[1].read_text()
    assert sorted(path.name for path in paths[0].parent.iterdir()) == sorted(path.name for path in paths)


def test_csv_has_every_update_in_full_precision(tmp_path: Path) -> None:
    curves = [make_curve("cosine"), make_curve("mine, too", updates=7)]
    table = write_gallery(Preview("The title", curves, {}), tmp_path)[-1]
    rows = list(csv.reader(table.read_text().splitlines()))
    assert rows[0] == ["scheduler", "step", "epoch", "lr"]
    assert [(name, int(step), float(epoch), float(lr)) for name, step, epoch, lr in rows[1:]] == [
        (curve.scheduler, step, step / 10, lr) for curve in curves for step, lr in enumerate(curve.lrs)
    ]


def test_figure_names_schedules_families_and_assumptions() -> None:
    figure = draw(make_curve("cosine"), make_curve("plateau", note="made up"), make_curve("MyLR"))
    names = {"The title", "cosine", "plateau", "MyLR", "Cosine", "Metric-driven", OTHERS, "plateau: made up", "epoch"}
    assert names <= {text.get_text() for text in visible_texts(figure)}


@pytest.mark.parametrize("count", [1, 2, 5, 6, 7, 13, 31])
def test_any_number_of_schedules_fits_on_the_figure(count: int) -> None:
    curves = [make_curve(f"mine_{number}", note=f"made up {number % 2}") for number in range(count)]
    figure = draw(*curves)
    figure.draw_without_rendering()
    panels = [axes for axes in figure.axes if axes.get_title("left").startswith("mine_")]
    assert len({tuple(axes.get_position().p0) for axes in panels}) == count
    for text in visible_texts(figure):
        box = text.get_window_extent()
        assert figure.bbox.x0 <= box.x0 <= box.x1 <= figure.bbox.x1, text
        assert figure.bbox.y0 <= box.y0 <= box.y1 <= figure.bbox.y1, text


def distances(points: np.ndarray, vertices: np.ndarray) -> np.ndarray:
    """How far each point is from the line through the vertices."""
    segments = np.diff(vertices, axis=0)
    starts, segments = vertices[:-1][segments.any(axis=1)], segments[segments.any(axis=1)]
    offsets = points[:, None] - starts
    along = (offsets * segments).sum(axis=2) / (segments**2).sum(axis=1)
    return np.linalg.norm(offsets - along.clip(0, 1)[..., None] * segments, axis=2).min(axis=1)


def staircase(heights: np.ndarray) -> np.ndarray:
    return np.column_stack([np.linspace(0, 1, len(heights) + 1).repeat(2)[1:-1], heights.repeat(2)])


def drawn_lines(axes: Axes, curve: Curve) -> tuple[np.ndarray, np.ndarray]:
    """Vertices of the logarithmic and the linear line, both in fractions of the panel."""
    logarithmic, linear = (np.asarray(line.get_xydata()) / [curve.length, 1] for line in axes.lines)
    return logarithmic, linear


@pytest.mark.parametrize("updates", [1, 2, 7, 500, 5000])
def test_simplified_curves_look_the_same(updates: int) -> None:
    smooth = np.cos(np.linspace(0, 1.5, updates))
    broken = np.where(np.arange(updates) < updates // 3, smooth, 0.1 * smooth)
    for heights in (smooth, broken, np.ones(updates)):
        curve = Curve("cosine", heights.tolist(), updates_per_epoch=1, peak=1.0, length=updates)
        (axes,) = draw(curve).axes
        logarithmic, linear = drawn_lines(axes, curve)
        points = slice(None, None, max(1, updates // 500))
        assert distances(staircase(heights)[points], linear).max() <= VISIBLE
        logarithms = np.clip(1 + np.log10(heights) / DECADES, 0, 1)
        assert distances(staircase(logarithms)[points], logarithmic).max() <= VISIBLE
        (fill,) = (item for item in axes.collections if isinstance(item, PolyCollection))
        (path,) = fill.get_paths()
        assert len(linear) < 100 or updates < 5000
        assert len(path.vertices) < 250 or updates < 5000
