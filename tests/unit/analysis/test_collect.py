"""Records become rows; what is no record is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from src.analysis.collect import collect
from tests.unit.analysis.conftest import MakeRun


def test_every_record_below_the_folders_is_a_row(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in (0, 1):
        make_run(f"seed={seed}", "scheduler=step")
    make_run("scheduler=cosine", status="failed")
    runs = collect([tmp_path / "sweep"]).runs
    assert sorted(zip(runs["scheduler"], runs["seed"], runs["status"], strict=True)) == [
        ("cosine", 0, "failed"),
        ("step", 0, "completed"),
        ("step", 1, "completed"),
    ]
    assert set(runs["seconds_to_0.8"]) == {1.0}
    assert runs["epoch_to_0.99"].isna().all()  # missed is missing, not the last epoch


@pytest.mark.parametrize("content", ["{", "[]", json.dumps({"schema_version": 7})])
def test_what_is_no_record_is_named_and_left_out(make_run: MakeRun, tmp_path: Path, content: str) -> None:
    make_run()
    broken = tmp_path / "sweep" / "broken" / "result.json"
    broken.parent.mkdir()
    broken.write_text(content)
    collection = collect([tmp_path / "sweep"])
    assert len(collection.runs) == 1
    assert len(collection.problems) == 1
    assert str(broken) in collection.problems[0]


def test_the_same_run_found_twice_counts_once(make_run: MakeRun, tmp_path: Path) -> None:
    make_run(folder="one")
    make_run(folder="two")
    assert len(collect([tmp_path / "sweep", tmp_path]).runs) == 1


def test_a_label_says_in_what_settings_of_one_schedule_differ(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=step", "scheduler.gamma=0.5")
    make_run("scheduler=step", "scheduler.gamma=0.1")
    make_run("scheduler=cosine")
    make_run("scheduler=cosine", "optimizer.lr=0.1")  # lr has a column of its own
    labels = set(collect([tmp_path / "sweep"]).runs["label"])
    assert labels == {"step (gamma=0.5)", "step (gamma=0.1)", "cosine"}


def test_a_label_names_the_average(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("averaging=none")
    make_run("averaging=swa")
    labels = set(collect([tmp_path / "sweep"]).runs["label"])
    assert labels == {"constant (averaging=none)", "constant (averaging=swa, averaging.start=0.75)"}
