"""The live display at two widths."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from src.sweeps.display import render
from src.sweeps.progress import Progress
from tests.unit.sweeps.test_status import PROGRESS


def lines(progress: Progress, width: int) -> list[str]:
    console = Console(file=io.StringIO(), record=True, width=width)
    console.print(render(progress))
    return [line.rstrip() for line in console.export_text().splitlines()]


def test_display_has_a_bar_the_active_runs_and_the_leader() -> None:
    bar, cosine, step, leader = lines(PROGRESS, 80)
    assert bar.endswith("4 of 10 runs done, 1 failed, about 2 min left")
    assert bar.startswith("━━━━━━━━")
    assert cosine.split() == ["cosine", "lr=0.03", "seed=0", "epoch", "3/5", "lr", "0.0271", "val", "acc", "97.50%"]
    assert step.split() == ["step", "lr=0.03", "seed=0", "epoch", "1/5"]
    assert leader == "leading: step lr=0.1, validation accuracy 98.12% (mean of 2 runs)"


@pytest.mark.parametrize("width", [80, 120])
def test_long_names_are_cut_and_numbers_are_not(width: int) -> None:
    run = replace(PROGRESS.active[0], label="cosine_warm_restarts lr=0.03 optimizer.weight_decay=0.0005 " + "x" * 90)
    shown = lines(replace(PROGRESS, active=(run,)), width)
    assert "…" in shown[1]
    assert shown[1].endswith("epoch 3/5  lr 0.0271  val acc 97.50%")
    assert max(map(len, shown)) <= width


def test_runs_of_many_workers_leave_room_for_log_lines() -> None:
    shown = lines(replace(PROGRESS, active=PROGRESS.active * 20), 80)
    assert len(shown) == 1 + 16 + 2
    assert shown[-2] == "  and 24 more"
