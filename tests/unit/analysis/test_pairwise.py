"""Tests between all pairs of settings."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from src.analysis.collect import collect
from src.analysis.pairwise import pairwise
from tests.unit.analysis.conftest import MakeRun


def test_each_pair_of_settings_is_compared_over_its_common_seeds(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(8):
        make_run("scheduler=constant", f"seed={seed}", accuracy=0.90 + seed / 1000)
        make_run("scheduler=step", f"seed={seed}", accuracy=0.92 + seed / 500, status="completed" if seed else "failed")
        if seed < 5:
            make_run("scheduler=step", "warmup=0.5", f"seed={seed}", accuracy=0.95)
    make_run("scheduler=rex", accuracy=0.95)  # one seed: no pair
    pairs = pairwise(collect([tmp_path / "sweep"]).runs)
    assert [*zip(pairs["first"], pairs["first_warmup"], pairs["second"], pairs["second_warmup"], strict=True)] == [
        ("constant", 0, "step", 0), ("constant", 0, "step", 0.5), ("step", 0, "step", 0.5),
    ]  # fmt: skip
    assert pairs["n"].tolist() == [7, 5, 4]
    assert pairs["second_lost"].tolist() == [1, 0, 0]
    assert pairs["difference"].iloc[0] == pytest.approx(statistics.mean(0.02 + seed / 1000 for seed in range(1, 8)))
    assert pairs["p"].tolist() == [2 / 2**7, 2 / 2**5, 2 / 2**4]
    # Only the first pair has enough seeds to be significant, so it is a family of its own.
    assert pairs["p_adjusted"].tolist() == [2 / 2**7, 2 / 2**5, 2 / 2**4]
    assert pairs["difference_low"].notna().tolist() == [True, False, False]
    assert pairs["p_better"].tolist() == [0, 0, 0]


def test_significant_pair_that_a_bad_run_could_undo_has_a_reason(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(12):
        noise = (-1) ** seed * (1 + seed % 3) / 4000
        make_run("scheduler=constant", f"seed={seed}", accuracy=0.90 + noise)
        make_run("scheduler=step", f"seed={seed}", accuracy=0.912 + noise - 0.04 * (seed == 2))
        make_run("scheduler=cosine", f"seed={seed}", accuracy=0.98 + noise)
    pairs = pairwise(collect([tmp_path / "sweep"]).runs).set_index(["first", "second"])
    assert (pairs["p_adjusted"] < 0.05).all()
    assert " outlying run" in pairs["reason"]["constant", "step"]
    assert pairs["reason"].drop(("constant", "step")).tolist() == ["", ""]
