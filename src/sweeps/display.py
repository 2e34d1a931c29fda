"""The live display of a running sweep: a bar over all runs, a line for each run in training, and the leader."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from src.sweeps.progress import ActiveRun, Progress
from src.sweeps.status import epoch_of, leader_line, summary

_MAX_ROWS = 16  # more would not leave room for log lines


def render(progress: Progress) -> RenderableType:
    """The display. On a narrow terminal the names of runs are cut, never the numbers."""
    heading = Table.grid(padding=(0, 2), expand=True)
    heading.add_column(ratio=1, min_width=10)
    heading.add_column(no_wrap=True)
    heading.add_row(ProgressBar(total=1.0, completed=progress.fraction), Text(summary(progress)))
    lines: list[RenderableType] = [heading]
    if progress.active:
        lines.append(_active_runs(progress.active))
    if progress.leader:
        lines.append(Text(leader_line(progress.leader), no_wrap=True, overflow="ellipsis"))
    return Group(*lines)


def _active_runs(runs: tuple[ActiveRun, ...]) -> Table:
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    for _ in range(3):
        table.add_column(no_wrap=True)
    for run in runs[:_MAX_ROWS]:
        lr, accuracy = (f"lr {run.last.lr:.3g}", f"val acc {run.last.val_accuracy:.2%}") if run.last else ("", "")
        table.add_row(*map(Text, (f"  {run.label}", epoch_of(run), lr, accuracy)))
    if len(runs) > _MAX_ROWS:
        table.add_row(Text(f"  and {len(runs) - _MAX_ROWS} more"))
    return table
