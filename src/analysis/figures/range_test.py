"""The figure of a learning-rate range test."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from src.analysis.figures.save import save_figure
from src.analysis.figures.style import COLORS
from src.files import write_text

SMOOTHED, *_OTHERS = COLORS[1:4]
SUGGESTIONS = dict(zip(("valley", "steepest"), _OTHERS, strict=True))
NAME = "lr_find"


def write_range_test(table: str, suggestions: Mapping[str, float], title: str, folder: Path) -> None:
    """Writes `lr_find.csv`, which is `table` (columns lr, loss, smoothed), and the figure as `.png` and `.svg`."""
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / f"{NAME}.csv", table)
    save_figure(draw_range_test(pd.read_csv(io.StringIO(table)), suggestions, title), folder, NAME)


def draw_range_test(test: pd.DataFrame, suggestions: Mapping[str, float], title: str) -> Figure:
    """Raw and smoothed loss over log lr, with a marker at each suggestion."""
    figure = Figure(figsize=(7, 4.2))
    axes = figure.subplots()
    axes.plot(test["lr"], test["loss"], color="#999999", alpha=0.6, linewidth=0.8, label="loss")
    axes.plot(test["lr"], test["smoothed"], color=SMOOTHED, linewidth=1.8, label="smoothed")
    for kind, lr in suggestions.items():
        height = np.interp(np.log(lr), np.log(test["lr"]), test["smoothed"])
        axes.axvline(lr, color=SUGGESTIONS[kind], linewidth=1, linestyle=":")
        axes.plot([lr], [height], "o", color=SUGGESTIONS[kind], label=f"{kind}: {lr:g}")
    lowest, first = test["loss"].min(), test["smoothed"].iloc[0]
    margin = 0.1 * (first - lowest)  # cuts off the blow-up, which would flatten the rest
    axes.set(xscale="log", xlabel="learning rate", ylabel="train loss  ↓ better")
    axes.set_ylim(lowest - margin, first + 3 * margin)
    axes.set_title(f"Learning-rate range test\n{title}", fontsize=11)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return figure
