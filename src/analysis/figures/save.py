"""Figures as files."""

from __future__ import annotations

from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from src.files import replacing

KINDS = ("png", "svg")


def save_figure(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Writes `name` in every kind below `folder`; returns the paths."""
    paths = [folder / f"{name}.{kind}" for kind in KINDS]
    with rc_context({"svg.hashsalt": name}):  # with the date left out, the same figure is the same file
        for path in paths:
            kind = path.suffix[1:]
            with replacing(path) as file:
                figure.savefig(file, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else None)
    return paths
