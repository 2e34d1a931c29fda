"""Figures in files."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from src.analysis.figures.panels import legend, panels
from src.analysis.figures.save import save_figure
from src.analysis.figures.style import palette


def make_figure() -> Figure:
    figure, row = panels("title", 2)
    for axes in row:
        axes.plot([1, 2], [1, 2], label="cosine")
        axes.set(xlabel="epoch", ylabel="loss")
    legend(figure, {"cosine": "cosine"}, palette(["cosine"]), heading="best first")
    return figure


def count_calls(monkeypatch: pytest.MonkeyPatch, owner: type, name: str, calls: Counter[str]) -> None:
    original = getattr(owner, name)

    def counted(*arguments: object) -> object:
        calls[name] += 1
        return original(*arguments)

    monkeypatch.setattr(owner, name, counted)


def test_figure_is_laid_out_once_and_drawn_once_for_each_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: Counter[str] = Counter()
    count_calls(monkeypatch, Figure, "draw", calls)
    count_calls(monkeypatch, ConstrainedLayoutEngine, "execute", calls)
    paths = save_figure(make_figure(), tmp_path, "loss")
    assert [path.name for path in paths] == ["loss.png", "loss.svg"]
    assert calls == {"execute": 1, "draw": 2}


def test_texts_of_a_saved_figure_do_not_overlap(tmp_path: Path) -> None:
    figure = make_figure()
    save_figure(figure, tmp_path, "loss")
    figure.draw_without_rendering()
    left, right = (axes.get_tightbbox() for axes in figure.axes)
    title, key = figure.texts[0].get_window_extent(), figure.legends[0].get_window_extent()
    assert left.x1 < right.x0
    assert 0 <= key.y0 < key.y1 <= left.y0 < left.y1 <= title.y0 < title.y1 <= figure.bbox.y1


def test_figure_with_fixed_margins_is_not_laid_out(tmp_path: Path) -> None:
    figure = make_figure()
    before = figure.axes[0].get_position().bounds
    save_figure(figure, tmp_path, "loss", fixed_margins=True)
    assert figure.axes[0].get_position().bounds == before


def test_text_stays_text_in_the_svg(tmp_path: Path) -> None:
    _, svg = save_figure(make_figure(), tmp_path, "loss")
    assert ">epoch</text>" in svg.read_text()


def test_equal_figures_are_equal_files(tmp_path: Path) -> None:
    first, second = (save_figure(make_figure(), tmp_path / name, "loss") for name in ("first", "second"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
