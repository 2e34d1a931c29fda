"""The figures of the page, embedded as long as they are small enough."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from src.analysis.report.links import relative_link

LARGE_SVG = 300_000  # bytes, above which the PNG is usually smaller
MAX_EMBEDDED = 2_000_000  # bytes of figures in one page; the rest are linked

CAPTIONS = {
    "test_error": "Test error at the end of training, best schedule at the top. Every dot is a seed. From five seeds "
    "on the diamond is their mean, from six on the bar its 95% confidence interval. Overlapping bars do not mean that "
    "two schedules are equal: runs are paired by seed, and the verdicts in the table are based on the paired "
    "differences. A number with an arrow is a mean outside the axis.",
    "lr_curves": "Learning rate of every update, for the first seed.",
    "loss_curves": "Training and validation loss after each epoch: median over the seeds, with the interquartile range "
    "if there are five seeds or more, otherwise with a dot for every seed.",
    "accuracy_curves": "Training and validation accuracy after each epoch: median over the seeds, with the "
    "interquartile range if there are five seeds or more, otherwise with a dot for every seed.",
    "lr_sensitivity": "Sensitivity to the peak learning rate: validation error at the end of the runs at each rate. A "
    "wide valley forgives a bad guess. A cross at the top marks a learning rate at which at least half of the runs "
    "failed or diverged.",
    "tuning_trials": "What tuning costs: expected validation error of the best of k tuning trials, if k of the trials "
    "are drawn at random. A trial is one rate of the grid under one seed; one that failed or diverged counts as 100%. "
    "A schedule whose curve falls early needs little tuning. The best error of a few trials flatters: the comparison "
    "trains the chosen rate again under other seeds.",
    "rank_against_budget": "Rank by mean test error at each length of training; 1 is best. Every length is a separate "
    "run, with the schedule stretched over it.",
    "performance_profile": "Fraction of workloads on which a schedule reaches the target accuracy within a multiple of "
    "the fastest schedule's updates. Higher is better; the value at 1 is how often the schedule is the fastest.",
}


@dataclass(frozen=True)
class PageFigure:
    """A figure; `source` is a data URI if it is embedded, otherwise a link."""

    name: str
    caption: str
    source: str
    is_embedded: bool


def page_figures(paths: Sequence[Path], folder: Path, workload_of: Callable[[str], str]) -> list[PageFigure]:
    """The figures in the given order.

    Args:
        paths: As for `render`.
        folder: As for `render`.
        workload_of: The title of the workload that a figure shows, by its name; empty if that needs no saying.
    """
    paths_by_name: dict[str, dict[str, Path]] = {}
    for path in paths:
        paths_by_name.setdefault(path.stem, {})[path.suffix] = path
    figures, num_bytes = [], 0
    for name, formats in paths_by_name.items():
        path = _smaller(formats)
        num_bytes += path.stat().st_size
        is_embedded = num_bytes <= MAX_EMBEDDED
        source = _data_uri(path) if is_embedded else relative_link(path, folder)
        figures.append(PageFigure(name, _caption(name, workload_of(name)), source, is_embedded))
    return figures


def _smaller(formats: Mapping[str, Path]) -> Path:
    """The SVG, which is sharp at every size, unless it is large and there is a PNG."""
    svg, png = formats.get(".svg"), formats.get(".png")
    if svg is None or (png is not None and svg.stat().st_size > LARGE_SVG):
        return png or next(iter(formats.values()))
    return svg


def _data_uri(path: Path) -> str:
    kind = "svg+xml" if path.suffix == ".svg" else "png"
    return f"data:image/{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _caption(name: str, workload: str) -> str:
    """The caption of a figure whose name may end in the number of its workload."""
    text = next((text for stem, text in CAPTIONS.items() if name.startswith(stem)), name.replace("_", " "))
    return f"{workload}: {text}" if workload else text
