"""Writes figures to files."""

from __future__ import annotations

from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from src.files import replacing

KINDS = ("png", "svg")


def save_figure(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Writes the figure to `folder` as PNG and SVG; returns the paths."""
    paths = [folder / f"{name}.{kind}" for kind in KINDS]
    with rc_context({"svg.hashsalt": name}):  # without a date, so that equal figures are equal files
        for path in paths:
            kind = path.suffix[1:]
            with replacing(path) as file:
                figure.savefig(file, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else None)
    return paths
