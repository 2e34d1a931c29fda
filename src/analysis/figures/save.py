"""Writes figures to files."""

from __future__ import annotations

from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from src.analysis.figures.description import describe
from src.files import replacing

KINDS = ("png", "svg")
DPI = 150


def save_figure(figure: Figure, folder: Path, name: str, *, fixed_margins: bool = False) -> list[Path]:
    """Writes the figure to `folder` as PNG and SVG; returns the paths.

    Args:
        figure: Has no layout engine. With one, matplotlib would lay out and draw it twice for each file.
        folder: Where the files go.
        name: Of the files, without suffix.
        fixed_margins: The figure is laid out already.
    """
    if not fixed_margins:
        figure.set_dpi(DPI)
        ConstrainedLayoutEngine().execute(figure)
    paths = [folder / f"{name}.{kind}" for kind in KINDS]
    svg_metadata = {"Date": None, **describe(figure)}
    # Without a date and with fixed ids, so that equal figures are equal files; with text that a browser can restyle.
    with rc_context({"svg.hashsalt": name, "svg.fonttype": "none"}):
        for path in paths:
            kind = path.suffix[1:]
            with replacing(path) as file:
                figure.savefig(file, format=kind, dpi=DPI, metadata=svg_metadata if kind == "svg" else None)
    return paths
