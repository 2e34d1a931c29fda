"""Records become rows; files that are not readable records are named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from src.analysis.collect import collect
from tests.conftest import small_config
from tests.unit.analysis.conftest import MakeRun, config_of


def test_configs_of_made_up_runs_are_those_that_hydra_composes() -> None:
    for scheduler in ("step", "one_cycle", "swa"):
        numbers = ("epochs=7", "batch_size=32", "optimizer.lr=0.1", "warmup=0.5", "read_test=false", "seed=3")
        overrides = (f"scheduler={scheduler}", "averaging=swa", "averaging.start=0.5", "data.name=other", *numbers)
        assert config_of(*overrides) == small_config(*overrides)


def test_each_record_below_the_folders_is_a_row(make_run: MakeRun, tmp_path: Path) -> None:
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
    assert runs["epoch_to_0.99"].isna().all()  # a missed threshold is missing, not the last epoch


@pytest.mark.parametrize("content", ["{", "[]", json.dumps({"schema_version": 7})])
def test_unreadable_record_is_named_and_left_out(make_run: MakeRun, tmp_path: Path, content: str) -> None:
    make_run()
    broken = tmp_path / "sweep" / "broken" / "result.json"
    broken.parent.mkdir()
    broken.write_text(content)
    collection = collect([tmp_path / "sweep"])
    assert len(collection.runs) == 1
    assert len(collection.problems) == 1
    assert str(broken) in collection.problems[0]


def test_run_with_two_records_counts_once(make_run: MakeRun, tmp_path: Path) -> None:
    make_run(folder="one")
    make_run(folder="two")
    assert len(collect([tmp_path / "sweep", tmp_path]).runs) == 1


def test_finished_record_wins_over_a_later_failed_one(make_run: MakeRun, tmp_path: Path) -> None:
    make_run(folder="a")
    failed = make_run(folder="b", status="failed") / "result.json"
    failed.write_text(failed.read_text().replace("2026-01-01T00:01", "2026-02-01T00:01"))
    assert list(collect([tmp_path / "sweep"]).runs["status"]) == ["completed"]


def test_time_budgets_on_two_devices_are_two_workloads(make_run: MakeRun, tmp_path: Path) -> None:
    for seed, device in enumerate(("cpu", "H100")):
        for overrides in (("seconds=5", "interval=second"), ()):
            path = make_run("scheduler=cosine", f"seed={seed}", *overrides) / "result.json"
            path.write_text(path.read_text().replace('"device": "cpu"', f'"device": "{device}"'))
    runs = collect([tmp_path / "sweep"]).runs
    assert set(runs["timed_on"][runs["seconds"].notna()]) == {"cpu", "H100"}
    assert set(runs["timed_on"][runs["seconds"].isna()]) == {""}


def test_only_planned_folders_are_read(make_run: MakeRun, tmp_path: Path) -> None:
    planned, other = make_run(), make_run("scheduler=step")
    collection = collect([tmp_path / "sweep"], only={planned})
    assert list(collection.runs["folder"]) == [str(planned)]
    assert collection.problems == [f"1 run outside the plan of the sweep's protocol, for example {other}"]
