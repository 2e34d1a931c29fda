"""What is said of a comparison: the best, what may be concluded of it, what was lost."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pandas as pd
import pytest

from src.analysis.collect import collect
from src.analysis.comparison import comparison, equivalence_margin, evaluated, pairwise, untrainable
from src.analysis.report.answer import Answer, answer, ranks_in_words
from src.analysis.report.tables import workloads
from tests.unit.analysis.conftest import MakeRun, make_winner


def answers(folder: Path, reference: str = "constant") -> list[Answer]:
    runs = collect([folder / "sweep"]).runs
    counted = runs if evaluated(runs).empty else evaluated(runs)
    margins = {name: equivalence_margin(rows) for name, rows in runs.groupby("dataset")}
    return [
        answer(title, rows, pairwise(counted), margins[rows["dataset"].iloc[0]])
        for title, rows in workloads(comparison(counted, reference, untrainable(runs)))
    ]


def lines(folder: Path) -> list[str]:
    return [line for each in answers(folder) for line in each.lines]


def test_a_winner_that_was_tested(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 8)
    for seed in range(8):
        make_run("scheduler=step", f"seed={seed}", accuracy=0.85 + seed / 1000)
    first, second, third = lines(tmp_path)
    assert re.fullmatch(
        r"Best here: cosine, 4\.83 % test error \(95 % interval 4\.7\d to 4\.9\d\), over 8 seeds\.", first
    )
    assert re.fullmatch(
        r"Against constant it is better by 4\.8[23] percentage points \(p = 0\.016 after Holm\)\.", second
    )
    assert third == "Worse than constant: step."


def test_the_best_of_all_is_better_than_every_other(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 8)
    for seed in range(8):
        make_run("scheduler=step", f"seed={seed}", accuracy=0.94 + seed / 1000)
    third = lines(tmp_path)[2]
    assert third == "Also better than constant: step."


def test_pairs_that_the_seeds_cannot_tell_apart_are_said_to_be_open(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 7)
    for seed in range(7):
        make_run("scheduler=step", f"seed={seed}", accuracy=0.94 + seed / 1000)
        make_run("scheduler=wsd", f"seed={seed}", accuracy=0.90 + seed / 1000 + (-1) ** seed / 10000)
    first, _, third = lines(tmp_path)
    assert first.startswith("Lowest test error: cosine")
    assert "Whether cosine differs from them is open: telling 6 pairs apart would need 8 seeds." in third


def test_a_lead_that_may_be_chance(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(8):
        make_run("scheduler=constant", f"seed={seed}", accuracy=0.90 + seed / 100)
        make_run("scheduler=cosine", f"seed={seed}", accuracy=0.98 - seed / 100)
    first, second = lines(tmp_path)
    assert first.startswith("Lowest test error: cosine, 5.50 % (95 %")
    assert re.fullmatch(
        r"Against constant it is lower by 1\.00 .*, which may be chance \(p = 0\.\d+ after Holm\)\.", second
    )
    assert not answers(tmp_path)[0].is_shown


def test_a_reference_that_none_beats(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(8):
        make_run("scheduler=constant", f"seed={seed}", accuracy=0.95 + seed / 1000)
        make_run("scheduler=step", f"seed={seed}", accuracy=0.949 + seed / 1000)
    assert lines(tmp_path)[1:] == [
        "constant is the reference, and no schedule was found to be better than it.",
        "Worse than constant: step.",
    ]


def test_equivalence_is_told_with_the_margin_of_its_data_set(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(8):
        for scheduler, accuracy in {"constant": 0.95, "step": 0.95 + (-1) ** seed / 2000 + 0.0001}.items():
            make_run("data=fashion_mnist", f"scheduler={scheduler}", f"seed={seed}", accuracy=accuracy)
    make_run("data=digits", "scheduler=step")  # whose margin is wider
    said = lines(tmp_path)
    assert "Against constant it makes no difference that matters: it lies within ± 0.2 percentage points." in said


def test_too_few_seeds_are_called_a_description(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 3)
    first, second = lines(tmp_path)
    assert first.startswith("Lowest test error: cosine, 4.95 %")
    assert second == (
        "With 3 seeds no difference to constant can be significant, however large: 1 comparison would need 6 seeds. "
        "Read this as a description."
    )


def test_where_all_diverged_nothing_is_best(make_run: MakeRun, tmp_path: Path) -> None:
    for scheduler in ("constant", "cosine"):
        make_run(f"scheduler={scheduler}", accuracy=None, status="diverged")
    make_run("scheduler=step", accuracy=None, status="failed")
    assert lines(tmp_path) == ["There is no best schedule here: none of the 3 runs completed (2 diverged, 1 failed)."]
    assert answers(tmp_path)[0].best == ()


def test_what_lost_runs_is_never_best(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 8)
    for seed in range(8):
        make_run("scheduler=step", f"seed={seed}", accuracy=0.99, status="completed" if seed else "diverged")
    said = lines(tmp_path)
    assert said[0].startswith("Lowest test error of what lost no run: cosine")
    assert said[-1] == "Lost runs, and so never called best: step (1 diverged of 8)."


def test_where_every_schedule_lost_runs_the_survivors_are_not_ranked(make_run: MakeRun, tmp_path: Path) -> None:
    for scheduler in ("constant", "cosine"):
        make_run(f"scheduler={scheduler}", "seed=0")
        make_run(f"scheduler={scheduler}", "seed=1", accuracy=None, status="failed")
    first, *_, last = lines(tmp_path)
    assert first == "There is no best schedule here: every one that completed a run lost others."
    assert "constant (1 failed of 2)" in last


def test_without_a_reference_only_the_pairs_are_tested(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(5):
        make_run("scheduler=step", f"seed={seed}", accuracy=0.90)
        make_run("scheduler=cosine", f"seed={seed}", accuracy=0.95)
    first, second = lines(tmp_path)
    assert first == "Lowest test error: cosine, 5.00 % (95 % interval 5.00 to 5.00), over 5 seeds."
    assert second.startswith("Nothing was tested: among these schedules there is no single reference.")
    for seed in range(5, 8):
        make_run("scheduler=step", f"seed={seed}", accuracy=0.90)
        make_run("scheduler=cosine", f"seed={seed}", accuracy=0.95)
    first, second = lines(tmp_path)
    assert first.startswith("Best here: cosine")
    assert second.startswith("It is better than every other schedule here")


def test_one_run_is_compared_with_nothing(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=step")
    assert lines(tmp_path) == [
        "Lowest test error: step, 10.00 %, over 1 seed.",
        "Nothing was tested: there is no other schedule to compare it with.",
    ]


def test_schedules_of_the_same_error_lead_together(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(7):
        for scheduler, accuracy in {"constant": 0.8, "cosine": 0.9, "step": 0.9}.items():
            make_run(f"scheduler={scheduler}", f"seed={seed}", accuracy=accuracy + seed / 1000)
    first, second, *_ = lines(tmp_path)
    assert first.startswith("Lowest test error: cosine and step, 9.70 % (95 %")
    assert second.startswith("Against constant, cosine ")


def test_a_sweep_that_only_tuned_has_no_test_error(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=step", "read_test=false")
    assert lines(tmp_path)[0].startswith("There is no test error yet: 1 run completed")


def test_a_schedule_without_a_result_is_not_said_to_differ_from_nothing(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 8)
    for seed in range(8):
        make_run("scheduler=step", f"seed={seed}", accuracy=None, status="interrupted")
    assert "step" not in " ".join(lines(tmp_path))


def test_one_seed_is_too_few(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 1)
    assert lines(tmp_path)[1].startswith("With 1 seed no difference to constant can be significant")


@pytest.mark.parametrize(
    ("p", "says"),
    [
        (math.nan, "described, not tested, which takes 6 workloads and three schedules."),
        (0.2, "not shown to differ (Friedman, p = 0.200)."),
        (0.0001, "they differ (Friedman, p < 0.001), and two schedules differ where their ranks are 1.50 apart"),
    ],
)
def test_ranks_are_put_into_words(p: float, says: str) -> None:
    across = pd.DataFrame({"workloads": [6, 6], "friedman_p": [p, p], "critical_difference": [1.5, 1.5]})
    assert says in ranks_in_words(across)
    assert ranks_in_words(pd.DataFrame()) == ""


def test_the_lowest_of_two_that_are_alike_is_not_the_best(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(8):
        make_run("scheduler=constant", f"seed={seed}", accuracy=0.90 + seed / 1000)
        make_run("scheduler=cosine", f"seed={seed}", accuracy=0.95 + seed / 1000)
        make_run("scheduler=step", f"seed={seed}", accuracy=0.9499 + seed / 1000 + (-1) ** seed / 1000)
    first, second, third = lines(tmp_path)
    assert first.startswith("Lowest test error: cosine, 4.65 %")
    assert second.startswith("Against constant it is better")
    assert third == "Also better than constant: step. Whether cosine differs from them is in pairwise.csv."
    assert answers(tmp_path)[0].is_shown


def test_a_schedule_that_no_rate_trains_is_named(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 8)
    for seed in (100, 101):
        make_run("scheduler=step", f"seed={seed}", "read_test=false", status="diverged", accuracy=None)
        for scheduler in ("constant", "cosine"):
            make_run(f"scheduler={scheduler}", f"seed={seed}", "read_test=false")
    assert lines(tmp_path)[-1] == "No learning rate of the grid trained step."
    assert "no single reference" in lines_against(tmp_path, "step")[1]


def lines_against(folder: Path, reference: str) -> list[str]:
    return [line for each in answers(folder, reference) for line in each.lines]


def test_a_reference_whose_seeds_are_others_is_not_said_to_be_beaten_by_none(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(12):
        make_run("scheduler=constant", f"seed={seed}", accuracy=0.90 if seed < 8 else 0.99)
    for seed in range(8):
        make_run("scheduler=cosine", f"seed={seed}", accuracy=0.91)
    said = " ".join(lines(tmp_path))
    assert "under common seeds another was better" in said
    assert "Better than constant: cosine." in said
    assert "pairwise.csv" not in said


def test_without_a_common_seed_nothing_can_be_tested(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=constant", accuracy=None, status="diverged")
    make_run("scheduler=cosine")
    assert lines(tmp_path)[1].startswith("Nothing could be tested: no schedule completed a run under a seed")
