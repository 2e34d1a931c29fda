"""Curves without a run become a picture, a CSV and a table."""

from __future__ import annotations

import csv
import io
import math
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from src.analysis.figures import gallery
from src.analysis.figures.gallery import (
    FAMILIES,
    OTHERS,
    Curve,
    draw_gallery,
    families,
    print_curves,
    sparkline,
    to_csv,
    write_gallery,
)
from src.config import CONF


def a_curve(scheduler: str = "cosine", updates: int = 40, note: str = "") -> Curve:
    lrs = [0.1 * math.cos(0.5 * math.pi * step / updates) for step in range(updates)]
    return Curve(scheduler, lrs, updates_per_epoch=10, peak=0.1, length=updates / 10, note=note)


def texts(curves: list[Curve]) -> list[str]:
    (sheet,) = draw_gallery(curves, "The title").axes
    return [text.get_text() for text in sheet.texts]


def test_every_schedule_has_one_family() -> None:
    named = list(chain.from_iterable(FAMILIES.values()))
    assert sorted(named) == sorted(path.stem for path in (CONF / "scheduler").glob("*.yaml"))


def test_what_is_in_no_family_comes_last() -> None:
    grouped = families([a_curve("MyLR"), a_curve("step"), a_curve("cosine"), a_curve("constant")])
    assert [[curve.scheduler for curve in members] for members in grouped.values()] == [
        ["constant", "step"], ["cosine"], ["MyLR"],
    ]  # fmt: skip
    assert list(grouped)[-1] == OTHERS


def test_the_files_are_whole(tmp_path: Path) -> None:
    paths = write_gallery([a_curve("cosine"), a_curve("step", note="made up")], "The title", tmp_path / "new" / "out")
    assert [path.name for path in paths] == ["schedules.png", "schedules.svg", "lr_curves.csv"]
    assert paths[0].read_bytes().startswith(b"\x89PNG")
    assert "</svg>" in paths[1].read_text()
    assert sorted(path.name for path in paths[0].parent.iterdir()) == sorted(path.name for path in paths)


def test_the_csv_has_every_update_in_full_precision() -> None:
    curves = [a_curve("cosine"), a_curve("mine, too", updates=7)]
    rows = list(csv.reader(io.StringIO(to_csv(curves))))
    assert rows[0] == ["scheduler", "step", "epoch", "lr"]
    assert [(name, int(step), float(epoch), float(lr)) for name, step, epoch, lr in rows[1:]] == [
        (curve.scheduler, step, step / 10, lr) for curve in curves for step, lr in enumerate(curve.lrs)
    ]


def test_the_picture_names_schedules_families_and_what_was_supposed() -> None:
    found = texts([a_curve("cosine"), a_curve("plateau", note="made up"), a_curve("MyLR")])
    assert {"The title", "cosine", "plateau", "MyLR", "Cosine", "By a metric", OTHERS, "made up", "epoch"} <= set(found)


@pytest.mark.parametrize("count", [1, 2, 5, 6, 7, 13, 31])
def test_any_number_of_schedules_fits_on_the_sheet(count: int) -> None:
    figure = draw_gallery([a_curve(f"mine_{number}", note="made up") for number in range(count)], "The title")
    figure.canvas.draw()
    (sheet,) = figure.axes
    names = [text for text in sheet.texts if text.get_text().startswith("mine_")]
    assert len({text.get_position() for text in names}) == count
    for text in sheet.texts:
        box = text.get_window_extent()
        assert figure.bbox.x0 <= box.x0 <= box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 <= box.y1 <= figure.bbox.y1


def test_a_peak_of_nought_is_drawn_without_a_warning() -> None:
    flat = Curve("constant", [0.0] * 20, updates_per_epoch=10, peak=0.0, length=2)
    draw_gallery([flat], "The title").canvas.draw()


def distances(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """How far each point is from the line through the corners."""
    starts, ways = corners[:-1], np.diff(corners, axis=0)
    offsets = points[:, None] - starts
    along = (offsets * ways).sum(axis=2) / (ways**2).sum(axis=1)
    return np.linalg.norm(offsets - along.clip(0, 1)[..., None] * ways, axis=2).min(axis=1)


@pytest.mark.parametrize("updates", [1, 2, 7, 500, 5000])
def test_what_is_left_out_of_a_curve_cannot_be_seen(updates: int) -> None:
    smooth = np.cos(np.linspace(0, 1.5, updates))
    broken = np.where(np.arange(updates) < updates // 3, smooth, 0.1 * smooth)
    for heights in (smooth, broken, np.ones(updates)):
        stairs = np.column_stack([np.linspace(0, 1, updates + 1).repeat(2)[1:-1], heights.repeat(2)])
        outline = np.column_stack(gallery._outline(heights))
        assert distances(stairs, outline).max() <= gallery._VISIBLE
        assert len(outline) < 100 or updates < 5000


def test_the_table_shows_every_curve_and_every_note(capsys: pytest.CaptureFixture[str]) -> None:
    print_curves([a_curve("cosine"), a_curve("plateau", note="made up")], "The title")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].strip() == "The title"
    assert lines[-1] == "plateau: made up"
    (line,) = [line for line in lines if line.strip().startswith("cosine")]
    assert line.split()[0] == "cosine"
    assert line.split()[2:] == ["0.1", "0.1", f"{0.1 * math.cos(0.5 * math.pi * 39 / 40):.4g}"]


def test_a_sparkline_shows_heights_as_blocks() -> None:
    assert sparkline([0.0, 0.5, 1.0, 1.0], top=1.0, width=4) == "▁▅██"
    assert sparkline([1.0, 0.0, 0.5], top=1.0, width=6) == "██▁▁▅▅"
    assert sparkline([1.0] * 10 + [0.0] * 10, top=2.0, width=2) == "▅▁"
    assert sparkline([0.0, 0.0], top=0.0, width=2) == "▁▁"
