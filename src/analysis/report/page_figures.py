"""The figures of the page, embedded as long as they are small enough."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from src.analysis.report.links import relative_link
from src.analysis.report.page_colors import color_rules
from src.analysis.report.page_svg import Drawing, take_apart

LARGE_SVG = 500_000  # bytes, above which the PNG is usually smaller
MAX_EMBEDDED = 2_000_000  # bytes of figures in one page; the rest are linked

CAPTIONS = {
    "test_error": "Test error at the end of training, best schedule at the top. Every dot is a seed. From five seeds "
    "on the diamond is their mean, from six on the bar its 95% confidence interval. Overlapping bars do not mean that "
    "two schedules are equal: runs are paired by seed, and the verdicts in the table are based on the paired "
    "differences. An arrow stands for seeds beyond the axis, hollow dots for the other seeds of the schedule, the "
    "numbers beside it for its mean and the range of its seeds.",
    "lr_curves": "Learning rate of every update, for the first seed that completed, if any did.",
    "loss_curves": "Training and validation loss after each epoch: median over the seeds, with the interquartile range "
    "if there are five seeds or more, otherwise with a dot for every seed. A run that diverged counts as the worst "
    "from then on: a median ends where half of the runs have.",
    "accuracy_curves": "Training and validation accuracy after each epoch: median over the seeds, with the "
    "interquartile range if there are five seeds or more, otherwise with a dot for every seed. A run that "
    "diverged counts as the worst from then on: a median ends where half of the runs have.",
    "lr_sensitivity": "Sensitivity to the peak learning rate: validation error at the end of the runs at each rate. A "
    "wide valley forgives a bad guess. A cross at the top marks a learning rate at which at least half of the runs "
    "failed or diverged.",
    "cost_of_wrong_lr": "What a wrong guess costs: how much larger the median validation error is if the peak "
    "learning rate is half a decade (a factor of 3.2) below (a marker that points to the left) or above (to the right) "
    "the best rate of the grid. The most forgiving schedule is at the top, those with a rate that was not tried at the "
    "bottom. Numbers beside the axis are costs beyond it.",
    "tuning_trials": "What tuning costs: expected validation error of the best of k tuning trials, if k of the trials "
    "are drawn at random. A trial is one rate of the grid under one seed; one that failed or diverged counts as 100%. "
    "A schedule whose curve falls early needs little tuning. The best error of a few trials flatters: the comparison "
    "trains the chosen rate again under other seeds.",
    "rank_against_budget": "Rank by mean test error at each length of training; 1 is best. Every length is a separate "
    "run, with the schedule stretched over it.",
    "mean_ranks": "Rank by mean test error in every table; 1 is best. Every dot is a table, the diamond is the mean. "
    "Where ranks were tested, bars on the right join schedules that are not shown to differ. Tables of one data set "
    "are not independent, so their ranks are averaged first, and a test needs six data sets.",
    "performance_profile": "Fraction of workloads on which a schedule reaches the target accuracy within a multiple of "
    "the fastest schedule's updates. Higher is better; the value at 1 is how often the schedule is the fastest.",
}


@dataclass(frozen=True)
class PageFigure:
    """A figure: its panels, or an image, or a link if the page is full.

    Attributes:
        number: On the page, from 1.
        title: What it shows, and of which workload.
        caption: How to read it.
        drawing: The panels as inline SVG.
        image: The data URI of an image.
        link: The URL of a file that is not embedded.
    """

    number: int
    title: str
    caption: str
    drawing: Drawing | None = None
    image: str = ""
    link: str = ""

    @property
    def num_bytes(self) -> int:
        return len(self.image) if self.drawing is None else self.drawing.num_bytes


def page_figures(paths: Sequence[Path], folder: Path) -> list[PageFigure]:
    """The figures in the given order. Arguments as for `render`."""
    paths_by_name: dict[str, dict[str, Path]] = {}
    for path in paths:
        paths_by_name.setdefault(path.stem, {})[path.suffix] = path
    figures, num_bytes = [], 0
    for number, (name, formats) in enumerate(paths_by_name.items(), 1):
        figure = _figure(number, name, formats)
        num_bytes += figure.num_bytes
        if num_bytes > MAX_EMBEDDED:
            link = relative_link(next(iter(formats.values())), folder)
            figure = PageFigure(number, figure.title, figure.caption, link=link)
        figures.append(figure)
    return figures


def _figure(number: int, name: str, formats: Mapping[str, Path]) -> PageFigure:
    """The SVG, which is sharp at every size, unless it is large and there is a PNG."""
    svg, png = formats.get(".svg"), formats.get(".png")
    drawing = None if svg is None else take_apart(svg)
    title = ", ".join(drawing.title.splitlines()) if drawing is not None else ""
    figure = PageFigure(number, title or name.replace("_", " "), _caption(name))
    if png is not None and (drawing is None or drawing.num_bytes > LARGE_SVG):
        return replace(figure, image=_data_uri(png))
    return replace(figure, drawing=drawing)


def _data_uri(png: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(png.read_bytes()).decode()}"


def _caption(name: str) -> str:
    """The caption of a figure whose name may end in the number of its workload."""
    return next((text for stem, text in CAPTIONS.items() if name.startswith(stem)), "")


def definitions(figures: Iterable[PageFigure]) -> str:
    """Glyphs, markers and clip paths of all drawings, each once."""
    parts = [figure.drawing.definitions for figure in figures if figure.drawing is not None]
    return "".join({name: markup for part in parts for name, markup in part.items()}.values())


def figure_colors(figures: Iterable[PageFigure]) -> str:
    """CSS that defines the colors of all drawings, and black, which is what has no color of its own."""
    drawings = [figure.drawing for figure in figures if figure.drawing is not None]
    return color_rules({"#000000"}.union(*(drawing.colors for drawing in drawings)))
