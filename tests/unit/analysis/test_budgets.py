"""Ranks over budgets and workloads, and when they are tested."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from src.analysis.budgets import (
    across_workloads,
    budget_table,
    common_times,
    rank_schedules,
    ranks_by_budget,
    split_by_budgets,
    tasks_with_budgets,
    times_by_workload,
)
from src.analysis.collect import collect
from src.analysis.comparison import comparison
from src.analysis.stats import critical_difference
from tests.unit.analysis.conftest import MakeRun

SCHEDULERS = ("constant", "cosine", "step")


def comparison_of(folder: Path) -> pd.DataFrame:
    return comparison(collect([folder / "sweep"]).runs)


def make_budgets(make_run: MakeRun, accuracies: dict[int, tuple[float | None, ...]], *overrides: str) -> None:
    for epochs, row in accuracies.items():
        for scheduler, accuracy in zip(SCHEDULERS, row, strict=True):
            make_run(
                f"scheduler={scheduler}", f"epochs={epochs}", *overrides,
                accuracy=accuracy, status="diverged" if accuracy is None else "completed",
            )  # fmt: skip


def test_each_budget_is_a_column_and_missing_error_ranks_last(make_run: MakeRun, tmp_path: Path) -> None:
    make_budgets(make_run, {2: (0.8, 0.7, 0.9), 3: (0.8, 0.9, None)})
    budgets = budget_table(comparison_of(tmp_path)).set_index("scheduler")
    assert budgets["test_error_at_2"].round(6).to_dict() == {"constant": 0.2, "cosine": 0.3, "step": 0.1}
    assert budgets["rank_at_3"].to_dict() == {"constant": 2, "cosine": 1, "step": 3}
    assert budgets["mean_rank"].to_dict() == {"constant": 2, "cosine": 2, "step": 2}
    assert budgets["top_1_share"].to_dict() == {"constant": 0, "cosine": 0.5, "step": 0.5}


def test_schedule_with_a_diverged_run_ranks_last(make_run: MakeRun, tmp_path: Path) -> None:
    make_budgets(make_run, {2: (0.8, 0.7, 0.99), 3: (0.8, 0.7, 0.99)})
    make_run("scheduler=step", "seed=1", "epochs=2", accuracy=None, status="diverged")
    budgets = budget_table(comparison_of(tmp_path)).set_index("scheduler")
    assert budgets.loc["step", ["rank_at_2", "rank_at_3"]].tolist() == [3, 1]


def test_schedule_missing_at_a_budget_is_left_out(make_run: MakeRun, tmp_path: Path) -> None:
    make_budgets(make_run, {2: (0.8, 0.7, 0.9), 3: (0.8, 0.7, 0.9)})
    make_run("scheduler=wsd", "epochs=3", accuracy=0.95)
    budgets = budget_table(comparison_of(tmp_path)).set_index("scheduler")
    assert budgets["rank_at_3"].to_dict() == {"constant": 2, "cosine": 3, "step": 1}


def test_ranks_by_budget_average_over_workloads_with_common_budgets(make_run: MakeRun, tmp_path: Path) -> None:
    make_budgets(make_run, {2: (0.8, 0.7, 0.9), 3: (0.8, 0.7, 0.9)})
    make_budgets(make_run, {2: (0.7, 0.8, 0.9), 3: (0.8, 0.7, 0.9), 4: (0.8, 0.7, 0.9)}, "batch_size=32")
    make_budgets(make_run, {8: (0.9, 0.8, 0.7)}, "batch_size=16")
    ranks = ranks_by_budget(comparison_of(tmp_path))
    assert ranks.to_dict("index") == {
        2: {"constant": 2.5, "cosine": 2.5, "step": 1},
        3: {"constant": 2, "cosine": 3, "step": 1},
    }


def test_tasks_without_two_common_budgets_are_ranked_by_themselves(make_run: MakeRun, tmp_path: Path) -> None:
    for overrides, epochs in (((), (2, 3)), (("batch_size=32",), (2, 3)), (("batch_size=16",), (2, 4))):
        make_budgets(make_run, dict.fromkeys(epochs, (0.8, 0.7, 0.9)), *overrides)
    table = comparison_of(tmp_path)
    budgets = [list(ranks_by_budget(part).index) for part in split_by_budgets(table)]
    assert sorted(budgets) == [[2, 3], [2, 4]]
    (part,) = split_by_budgets(table[table["batch_size"] != 16])
    assert list(ranks_by_budget(part).index) == [2, 3]


def test_ranks_count_only_among_schedules_that_all_tasks_have(make_run: MakeRun, tmp_path: Path) -> None:
    make_budgets(make_run, dict.fromkeys((2, 3), (0.8, 0.7, 0.9)))
    make_budgets(make_run, dict.fromkeys((2, 3), (0.9, 0.7, 0.8)), "batch_size=32")
    for epochs in (2, 3):  # would be third on one of them and missing on the other
        make_run("scheduler=wsd", f"epochs={epochs}", accuracy=0.75)
    (part,) = split_by_budgets(comparison_of(tmp_path))
    assert ranks_by_budget(part).loc[2].to_dict() == {"constant": 1.5, "cosine": 3, "step": 1.5}


def test_tasks_with_a_single_budget_are_not_named(make_run: MakeRun, tmp_path: Path) -> None:
    make_budgets(make_run, dict.fromkeys((2, 3), (0.8, 0.7, 0.9)))
    make_budgets(make_run, {2: (0.8, 0.7, 0.9)}, "batch_size=32")
    (task,) = tasks_with_budgets(comparison_of(tmp_path))
    assert task[:4] == ("digits", "softmax", "sgd", 64)


def test_tasks_without_two_common_schedules_are_ranked_by_themselves(make_run: MakeRun, tmp_path: Path) -> None:
    make_budgets(make_run, dict.fromkeys((2, 3), (0.8, 0.7, 0.9)))
    for epochs in (2, 3):
        for scheduler, accuracy in (("constant", 0.8), ("wsd", 0.9)):
            make_run(f"scheduler={scheduler}", f"epochs={epochs}", "batch_size=32", accuracy=accuracy)
    ranks = [ranks_by_budget(part).loc[3].to_dict() for part in split_by_budgets(comparison_of(tmp_path))]
    assert sorted(ranks, key=len) == [{"constant": 2, "wsd": 1}, {"constant": 2, "cosine": 3, "step": 1}]


def test_single_budget_has_no_table(make_run: MakeRun, tmp_path: Path) -> None:
    make_budgets(make_run, {2: (0.8, 0.7, 0.9)})
    assert budget_table(comparison_of(tmp_path)).empty


def test_two_learning_rates_of_one_schedule_are_not_averaged(make_run: MakeRun, tmp_path: Path) -> None:
    for epochs in (2, 3):
        for lr, accuracy in {"0.1": 0.9, "0.2": 0.5}.items():
            make_run("scheduler=step", f"optimizer.lr={lr}", f"epochs={epochs}", accuracy=accuracy)
    budgets = budget_table(comparison_of(tmp_path)).set_index("scheduler")
    assert budgets["test_error_at_2"].round(6).to_dict() == {"step lr=0.1": 0.1, "step lr=0.2": 0.5}


def test_missing_error_ranks_last() -> None:
    errors = pd.DataFrame([[0.1, math.nan, 0.2], [0.3, math.nan, 0.2]])
    assert rank_schedules(errors).mean().tolist() == [1.5, 3.0, 1.5]


def make_data_sets(make_run: MakeRun, count: int, *overrides: str) -> None:
    for number in range(count):
        make_budgets(make_run, {2: (0.7, 0.9, 0.8)}, f"data.name=set{number}", *overrides)


def test_ranks_over_fewer_than_six_data_sets_are_not_tested(make_run: MakeRun, tmp_path: Path) -> None:
    make_data_sets(make_run, 5)
    across = across_workloads(comparison_of(tmp_path))
    assert list(across["scheduler"]) == ["cosine", "step", "constant"]
    assert list(across["mean_rank"]) == [1, 2, 3]
    assert across[["friedman_p", "critical_difference"]].isna().all(axis=None)


def test_ranks_over_six_data_sets_are_tested(make_run: MakeRun, tmp_path: Path) -> None:
    make_data_sets(make_run, 6)
    across = across_workloads(comparison_of(tmp_path))
    assert (across["data_sets"] == 6).all()
    assert across["friedman_p"].iloc[0] == pytest.approx(math.exp(-6))  # chi-square of 12 on 2 degrees of freedom
    assert across["critical_difference"].iloc[0] == critical_difference(6, 3)


@pytest.mark.parametrize(
    "overrides",
    [
        [f"batch_size={16 + number}" for number in range(6)],
        [f"model.name=model{number}" for number in range(6)],
        [f"optimizer.name=optimizer{number}" for number in range(6)],
    ],
)
def test_tables_of_one_data_set_are_not_independent(make_run: MakeRun, tmp_path: Path, overrides: list[str]) -> None:
    for override in overrides:
        make_budgets(make_run, {2: (0.7, 0.9, 0.8)}, override)
    across = across_workloads(comparison_of(tmp_path))
    assert (across["tables"] == 6).all()
    assert (across["data_sets"] == 1).all()
    assert across[["friedman_p", "critical_difference"]].isna().all(axis=None)


def test_data_sets_count_once_however_many_tables_they_have(make_run: MakeRun, tmp_path: Path) -> None:
    make_data_sets(make_run, 6)
    once = across_workloads(comparison_of(tmp_path)).set_index("scheduler")
    make_data_sets(make_run, 6, "batch_size=32")
    twice = across_workloads(comparison_of(tmp_path)).set_index("scheduler")
    assert (twice["tables"] == 12).all()
    assert twice[["mean_rank", "friedman_p", "critical_difference"]].equals(
        once[["mean_rank", "friedman_p", "critical_difference"]]
    )


def test_ranks_are_averaged_within_a_data_set(make_run: MakeRun, tmp_path: Path) -> None:
    make_budgets(make_run, dict.fromkeys(range(1, 4), (0.7, 0.9, 0.8)))
    assert across_workloads(comparison_of(tmp_path)).empty
    make_budgets(make_run, {2: (0.9, 0.8, 0.7)}, "batch_size=32")
    make_budgets(make_run, {2: (0.9, 0.8, 0.7)}, "data.name=other")
    across = across_workloads(comparison_of(tmp_path)).set_index("scheduler")
    assert across["mean_rank"].to_dict() == {
        "constant": (2.5 + 1) / 2,
        "cosine": (1.25 + 2) / 2,
        "step": (2.25 + 3) / 2,
    }


def test_ranks_do_not_come_from_different_seeds(make_run: MakeRun, tmp_path: Path) -> None:
    for epochs in (2, 3):
        for seed in range(8):
            make_run("scheduler=constant", f"epochs={epochs}", f"seed={seed}", accuracy=0.9 if seed < 6 else 0.1)
            if seed < 6:
                make_run("scheduler=cosine", f"epochs={epochs}", f"seed={seed}", accuracy=0.8)
        make_run("scheduler=step", f"epochs={epochs}", accuracy=0.99)  # one seed: not ranked
    budgets = budget_table(comparison_of(tmp_path)).set_index("scheduler")
    assert budgets["mean_rank"].to_dict() == {"constant": 1, "cosine": 2}
    assert budgets["test_error_at_2"].round(6).to_dict() == {"constant": 0.1, "cosine": 0.2}


def test_means_that_differ_by_rounding_are_tied() -> None:
    assert rank_schedules(pd.DataFrame({"a": [0.1 + 0.2], "b": [0.3]})).to_numpy().tolist() == [[1.5, 1.5]]


def test_schedule_missing_in_a_workload_has_no_rank(make_run: MakeRun, tmp_path: Path) -> None:
    make_data_sets(make_run, 2)
    make_run("scheduler=wsd", "data.name=set1")
    assert "wsd" not in set(across_workloads(comparison_of(tmp_path))["scheduler"])


def test_profile_areas_are_relative_to_the_reference(make_run: MakeRun, tmp_path: Path) -> None:
    for batch_size in (16, 32):
        for seed in (0, 1):
            for scheduler, epoch in {"constant": 4, "cosine": 2, "step": 16, "wsd": None}.items():
                make_run(f"scheduler={scheduler}", f"seed={seed}", f"batch_size={batch_size}", reached={"0.8": epoch})
    table = comparison_of(tmp_path)
    assert times_by_workload(table)["constant"].tolist() == [8, 8]
    assert times_by_workload(table)["wsd"].tolist() == [math.inf, math.inf]
    pd.testing.assert_frame_equal(common_times(table), times_by_workload(table))
    areas = across_workloads(table).set_index("scheduler")["profile_area"]
    assert areas.to_dict() == {"constant": 0.75, "cosine": 0.875, "step": 0, "wsd": 0}


def test_schedule_missing_in_a_workload_is_not_one_that_missed_the_target(make_run: MakeRun, tmp_path: Path) -> None:
    for batch_size, schedulers in ((16, ("constant", "cosine", "step")), (32, ("constant", "cosine", "wsd"))):
        for scheduler in schedulers:
            make_run(f"scheduler={scheduler}", f"batch_size={batch_size}", reached={"0.8": 2})
    table = comparison_of(tmp_path)
    assert set(times_by_workload(table)) == {"constant", "cosine", "step", "wsd"}
    assert common_times(table).to_dict("list") == {"constant": [4, 4], "cosine": [4, 4]}


def test_schedule_that_no_rate_trained_missed_the_target(make_run: MakeRun, tmp_path: Path) -> None:
    for batch_size in (16, 32):
        for scheduler in ("constant", "cosine"):
            make_run(f"scheduler={scheduler}", f"batch_size={batch_size}", reached={"0.8": 2})
    table = comparison_of(tmp_path)
    is_untrained = (table["scheduler"] == "cosine") & (table["batch_size"] == 32)
    columns = ["target", "step_to_target", "common_error_mean", "n"]
    untrained = table.assign(**{name: table[name].mask(is_untrained) for name in columns[:3]})
    untrained = untrained.assign(n=table["n"].mask(is_untrained, 0))
    assert common_times(untrained)["cosine"].tolist() == [4, math.inf]
