"""The learning rates that tuning chose, in a table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from src.sweeps import launch
from src.sweeps.chosen_rates import edge_note, print_chosen_rates, rate_range
from src.sweeps.plan import Job, Plan
from tests.unit.sweeps.conftest import make_study, pretend


def choices(*rows: tuple[int, str, float | None, int]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["epochs", "label", "lr", "edge"])
    return table.astype({"lr": float})


def table_lines(text: str) -> list[list[str]]:
    """The words of the rows below the head."""
    rows = text.rpartition("best lr")[2]
    return [line.split() for line in rows.splitlines() if line.strip()]


def test_table_has_a_row_for_each_schedule(capsys: pytest.CaptureFixture[str]) -> None:
    print_chosen_rates(choices((5, "step", 0.1, 0), (5, "cosine", 0.5, 1), (5, "linear", None, -1)))
    assert table_lines(capsys.readouterr().out) == [
        ["step", "0.1"],
        ["cosine", "0.5", "at", "the", "upper", "edge", "of", "the", "grid"],
        ["linear", "–", "no", "rate", "trains", "it"],
    ]


def test_every_budget_has_its_rates(capsys: pytest.CaptureFixture[str]) -> None:
    print_chosen_rates(choices((1, "step", 0.1, 0), (5, "step", 0.05, 0)))
    assert table_lines(capsys.readouterr().out) == [["step", "1", "0.1"], ["step", "5", "0.05"]]


def test_rates_tuned_per_seed_are_a_range() -> None:
    rows = choices((5, "step", 0.016, -1), (5, "step", 0.05, 0), (5, "step", None, -1))
    assert rate_range(rows["lr"]) == "0.016 to 0.05"
    assert edge_note(rows) == "at the lower edge of the grid for 1 of 3 seeds, no rate trains it for 1 of 3 seeds"
    assert edge_note(rows[1:2]) == ""


def test_study_prints_its_rates_between_tuning_and_evaluation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def complete(plan: Plan, jobs: list[Job]) -> None:
        print("launch")
        for job in jobs:
            pretend(job, val_loss=abs(job.config.optimizer["lr"] - 0.1))

    monkeypatch.setattr(launch, "_launch", complete)
    monkeypatch.setattr(launch, "_compare", lambda plan: None)
    assert launch.run_study(make_study(tmp_path)) == 0
    _, between, _ = capsys.readouterr().out.split("launch\n")
    assert table_lines(between)[:2] == [["constant", "0.1"], ["step", "0.1"]]
