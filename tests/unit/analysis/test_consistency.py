"""Runs of a comparison that were not made with one setup are reported with their counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from src.analysis.collect import collect
from src.analysis.consistency import mixed_setup, mixed_setups
from tests.unit.analysis.conftest import GPU, NO_DEVICE, PROVENANCE, MakeRun

OTHER_CPU = {"model": "AMD EPYC (family 25, model 1, stepping 1)", "num_cores": 2, "instruction_set": "AVX2"}
SPREAD = "Differences between schedules may come from that; run them again with one setup."


def warning(folder: Path) -> str:
    return mixed_setup(collect([folder / "sweep"]).runs)


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({"packages": {"torch": "2.12.1"}}, "3 with torch 2.13.0 and 2 with torch 2.12.1"),
        ({"packages": {}}, "3 with torch 2.13.0 and 2 with an unknown torch"),
        ({"git_sha": "fedcba9876543210"}, "3 from commit 0123456 and 2 from commit fedcba9"),
        ({"git_dirty": True}, "3 from commit 0123456 and 2 from commit 0123456 with uncommitted changes"),
        ({"num_threads": 16}, "3 with 1 thread and 2 with 16 threads"),
        ({"lockstep": 4}, "3 one by one and 2 in lockstep"),
        ({"num_threads": 16, "git_sha": None}, "2 from an unknown commit; 3 with 1 thread and 2 with 16 threads"),
    ],
)
def test_difference_is_reported_with_counts(
    make_run: MakeRun, tmp_path: Path, changes: dict[str, Any], counts: str
) -> None:
    for seed in range(5):
        provenance = PROVENANCE | (changes if seed < 2 else {})
        make_run("scheduler=cosine", f"seed={seed}", provenance=provenance)
    text = warning(tmp_path)
    assert text.startswith("These runs are not from one setup: 3 ")
    assert text.endswith(f"{counts}. {SPREAD}")


def test_runs_on_different_processors_are_not_pairs(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(3):
        make_run("scheduler=constant", f"seed={seed}")
        make_run("scheduler=cosine", f"seed={seed}", provenance=PROVENANCE | {"cpu": OTHER_CPU})
    assert warning(tmp_path) == (
        "These runs are not from one setup: 3 on AMD EPYC (family 26, model 2, stepping 1), 2 cores, AVX512 and 3 on "
        f"AMD EPYC (family 25, model 1, stepping 1), 2 cores, AVX2. {SPREAD} "
        "Runs with the same seed on different processors are not pairs."
    )


def test_pairs_remain_if_each_seed_has_one_processor(make_run: MakeRun, tmp_path: Path) -> None:
    for scheduler in ("constant", "cosine"):
        make_run(f"scheduler={scheduler}", "seed=0")
        make_run(f"scheduler={scheduler}", "seed=1", provenance=PROVENANCE | {"cpu": OTHER_CPU})
    assert "AVX2" in warning(tmp_path)
    assert "not pairs" not in warning(tmp_path)


def test_number_of_workers_changes_only_times(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("seed=0")
    make_run("seed=1", provenance=PROVENANCE | {"num_workers": 1})
    make_run("seed=2", provenance=PROVENANCE | {"num_workers": None})
    assert warning(tmp_path) == (
        "These runs are not from one setup: 1 with 2 workers, 1 with 1 worker and 1 with unknown workers. Their "
        "training times cannot be compared."
    )


def test_processor_of_a_gpu_run_does_not_matter(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("seed=0", **GPU)
    make_run("seed=1", **GPU | {"provenance": GPU["provenance"] | {"cpu": OTHER_CPU}})
    assert warning(tmp_path) == ""
    make_run("seed=2", **GPU | {"provenance": PROVENANCE | {"device": "NVIDIA H200"}})
    assert "2 on NVIDIA H100 80GB HBM3 and 1 on NVIDIA H200" in warning(tmp_path)


def test_many_values_are_counted_together(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(6):
        make_run(f"seed={seed}", provenance=PROVENANCE | {"num_threads": max(1, seed)})
    assert "2 with 1 thread, 1 with 2 threads, 1 with 3 threads and 2 with others." in warning(tmp_path)


def test_runs_without_a_result_and_one_setup_need_no_warning(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("seed=0")
    make_run("seed=1")
    make_run("seed=2", **NO_DEVICE | {"provenance": PROVENANCE | {"num_threads": 16}})
    assert warning(tmp_path) == ""


def test_each_workload_is_checked_by_itself(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("seed=0")
    make_run("seed=0", "epochs=3", provenance=PROVENANCE | {"num_threads": 2})
    make_run("seed=1", "epochs=3")
    title = "digits · softmax · sgd · 3 epochs · batch 64"
    assert mixed_setups(collect([tmp_path / "sweep"]).runs).keys() == {title}


def test_packs_of_different_sizes_are_one_setup(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("seed=0", provenance=PROVENANCE | {"lockstep": 4})
    make_run("seed=1", provenance=PROVENANCE | {"lockstep": 3})
    assert warning(tmp_path) == ""
