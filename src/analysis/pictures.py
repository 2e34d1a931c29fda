"""Figures as files."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from src.atomic import replacing

KINDS = ("png", "svg")


def save_figure(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Writes `name` in every kind below `folder`; returns the paths."""
    paths = [folder / f"{name}.{kind}" for kind in KINDS]
    for path in paths:
        with replacing(path) as file:
            figure.savefig(file, format=path.suffix[1:], dpi=150)
    return paths
