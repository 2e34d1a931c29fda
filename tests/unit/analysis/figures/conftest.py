"""A curve of a preview, charts to draw, and the curves of runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.text import Text

from src import layout
from src.analysis.figures.chart import Chart, Metric, Series
from src.analysis.series import RunSeries
from src.schedules.preview import Curve


def make_curve(scheduler: str = "cosine", updates: int = 40, note: str = "") -> Curve:
    lrs = [0.1 * math.cos(0.5 * math.pi * step / updates) for step in range(updates)]
    return Curve(scheduler, lrs, updates_per_epoch=10, peak=0.1, length=updates / 10, note=note)


def make_series(name: str, *values: float, **attributes: Any) -> Series:
    """A series with a value for each epoch from 1 on."""
    return Series(name, np.arange(1.0, len(values) + 1), np.array(values, dtype=float), **attributes)


def make_metric(*series: Series, name: str = "validation accuracy (%)", **attributes: Any) -> Metric:
    return Metric(name, series, **{"better": "higher", **attributes})


def make_chart(*metrics: Metric, title: str = "Title\nworkload", **attributes: Any) -> Chart:
    labels = {series.name: series.name for series in metrics[-1].series}
    return Chart(title, "epoch", metrics, "best first", lambda _: None, **{"labels": labels, **attributes})


def texts_of(figure: Figure) -> list[str]:
    return [text.get_text() for text in visible_texts(figure)]


def visible_texts(figure: Figure) -> Sequence[Text]:
    return [text for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text() and text.get_visible()]


def unchecked_series(runs: pd.DataFrame) -> RunSeries:
    """The curves of runs whose files need not fit their records."""
    tables = {folder: pd.read_csv(Path(folder) / layout.HISTORY) for folder in runs["folder"]}
    steps = {folder: pd.read_csv(Path(folder) / layout.STEPS) for folder in runs["folder"]}
    histories = pd.concat([rows.assign(folder=folder) for folder, rows in tables.items()], ignore_index=True)
    return RunSeries(histories, steps, [])
