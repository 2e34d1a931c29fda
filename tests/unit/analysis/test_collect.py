"""Records become rows; files that are not readable records are named."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from src.analysis.collect import collect
from tests.conftest import small_config
from tests.unit.analysis.conftest import GPU, NO_DEVICE, MakeRun, config_of


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


@pytest.mark.parametrize(("make", "kind"), [(Path.mkdir, "a folder"), (os.mkfifo, "a named pipe")])
def test_something_else_in_the_place_of_a_record_is_named_and_left_out(
    make: Callable[[Path], None], kind: str, make_run: MakeRun, tmp_path: Path
) -> None:
    make_run()
    path = tmp_path / "sweep" / "broken" / "result.json"
    path.parent.mkdir()
    make(path)
    collection = collect([tmp_path / "sweep"])
    assert len(collection.runs) == 1
    assert collection.problems == [f"{path} is {kind}, not a file; move it away"]


def test_record_behind_a_link_is_a_row(make_run: MakeRun, tmp_path: Path) -> None:
    path = make_run() / "result.json"
    path.rename(tmp_path / "elsewhere.json")
    path.symlink_to(tmp_path / "elsewhere.json")
    assert len(collect([tmp_path / "sweep"]).runs) == 1


def test_run_with_two_records_counts_once(make_run: MakeRun, tmp_path: Path) -> None:
    make_run(folder="one")
    make_run(folder="two")
    assert len(collect([tmp_path / "sweep", tmp_path]).runs) == 1


def test_finished_record_wins_over_a_later_failed_one(make_run: MakeRun, tmp_path: Path) -> None:
    make_run(folder="a")
    failed = make_run(folder="b", status="failed") / "result.json"
    failed.write_text(failed.read_text().replace("2026-01-01T00:01", "2026-02-01T00:01"))
    assert list(collect([tmp_path / "sweep"]).runs["status"]) == ["completed"]


def test_replaced_records_are_named(make_run: MakeRun, tmp_path: Path) -> None:
    later = make_run("seed=0", folder="b", finished_at="2026-02-01T00:00:00+00:00")
    earlier = make_run("seed=0", folder="c")
    collection = collect([tmp_path / "sweep"])
    assert list(collection.runs["folder"]) == [str(later)]
    assert collection.problems == [f"{earlier}: another record of the same run replaces it, that in {later}"]
    make_run("seed=0", folder="a", status="failed")
    assert collect([tmp_path / "sweep"]).problems == [
        f"2 records are replaced by others of the same runs, for example {tmp_path / 'sweep' / 'a'} by {later}"
    ]


def test_records_of_one_run_on_two_kinds_of_device_are_two_runs(make_run: MakeRun, tmp_path: Path) -> None:
    make_run(folder="cpu")
    make_run(folder="gpu", **GPU)
    make_run(folder="early", **NO_DEVICE)
    collection = collect([tmp_path / "sweep"])
    assert sorted(collection.runs["device_type"]) == ["cpu", "cuda"]
    assert len(collection.problems) == 1


def test_conditions_of_a_run_are_columns(make_run: MakeRun, tmp_path: Path) -> None:
    make_run()
    run = collect([tmp_path / "sweep"]).runs.iloc[0]
    assert (run["device_type"], run["torch"], run["num_threads"], run["num_workers"]) == ("cpu", "2.13.0", 1, 2)
    assert (run["git_sha"][:7], run["git_dirty"]) == ("0123456", False)
    assert run["cpu"] == "AMD EPYC (family 26, model 2, stepping 1), 2 cores, AVX512"


def test_labels_compare_settings_made_under_the_same_conditions(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=step", "optimizer.momentum=0.5", folder="a")
    for overrides in ((), ("optimizer.momentum=0.5",), ("optimizer.momentum=0.8",)):
        make_run("scheduler=step", *overrides, **GPU)
    runs = collect([tmp_path / "sweep"]).runs
    assert set(runs["label"][runs["device_type"] == "cpu"]) == {"step"}
    assert "step (optimizer.momentum=0.5)" in set(runs["label"][runs["device_type"] == "cuda"])


def test_only_planned_folders_are_read(make_run: MakeRun, tmp_path: Path) -> None:
    planned, other = make_run(), make_run("scheduler=step")
    collection = collect([tmp_path / "sweep"], only={planned})
    assert list(collection.runs["folder"]) == [str(planned)]
    assert collection.problems == [f"1 run outside the plan of the sweep's protocol, for example {other}"]


def test_runs_of_a_setting_share_its_settings(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(3):
        make_run("scheduler=step", f"seed={seed}")
        make_run("scheduler=cosine", f"seed={seed}")
    runs = collect([tmp_path]).runs
    assert runs["settings"].map(id).nunique() == runs["setting"].nunique() == 2
