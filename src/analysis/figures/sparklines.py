"""A preview as a table of sparklines on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from src.analysis.figures.families import group_by_family
from src.analysis.figures.style import palette
from src.terminal import make_console

if TYPE_CHECKING:
    from src.schedules.preview import Preview

BLOCKS = "▁▂▃▄▅▆▇█"
_NUMBER_COLUMNS = 52  # characters that the other columns of the table take


def print_preview(preview: Preview) -> None:
    """Prints one line per schedule: its curve in its color, and its first, highest and last learning rate."""
    console = make_console()
    table = Table(box=None, title=preview.title, title_justify="left", title_style="bold")
    for column in ("scheduler", "lr", "first", "highest", "last"):
        table.add_column(column, justify="left" if column in ("scheduler", "lr") else "right", no_wrap=True)
    width = max(8, min(48, console.width - _NUMBER_COLUMNS))
    styles = palette(curve.scheduler for curve in preview.curves)
    top = max(max(curve.lrs) for curve in preview.curves)
    for members in group_by_family(preview.curves).values():
        for curve in members:
            numbers = [f"{lr:.4g}" for lr in (curve.lrs[0], max(curve.lrs), curve.lrs[-1])]
            line = Text(sparkline(curve.lrs, top, width), style=styles[curve.scheduler]["color"])
            table.add_row(curve.scheduler, line, *numbers)
    console.print(table)
    for note in preview.notes:
        console.print(note, style="dim", highlight=False, soft_wrap=True)


def sparkline(lrs: Sequence[float], top: float, width: int) -> str:
    """The curve as `width` blocks of eight heights; each is the mean of its segment, the tallest is `top`."""
    edges = [index * len(lrs) // width for index in range(width + 1)]
    segments = [lrs[left : max(right, left + 1)] for left, right in pairwise(edges)]
    heights = [sum(segment) / len(segment) / (top or 1.0) for segment in segments]
    return "".join(BLOCKS[round(height * (len(BLOCKS) - 1))] for height in heights)
