"""A comparison in words: the best schedule, whether that is significant, and what failed."""

from __future__ import annotations

import re
from pathlib import Path

from tests.unit.analysis.conftest import MakeRun, make_winner
from tests.unit.analysis.report.conftest import answers, lines


def test_best_schedule_is_named_with_its_test(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 8)
    for seed in range(8):
        make_run("scheduler=step", f"seed={seed}", accuracy=0.85 + seed / 1000)
    first, second, third = lines(tmp_path)
    assert re.fullmatch(
        r"Best schedule: cosine, 4\.83% test error \(95% confidence interval 4\.7\d to 4\.9\d\), over 8 seeds\.",
        first,
    )
    assert re.fullmatch(r"It is better than constant by 4\.8[23] percentage points \(adjusted p = 0\.008\)\.", second)
    assert third == "Worse than constant: step."


def test_other_schedules_that_beat_the_reference_are_named(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 8)
    for seed in range(8):
        make_run("scheduler=step", f"seed={seed}", accuracy=0.94 + seed / 1000)
    third = lines(tmp_path)[2]
    assert third == "Also better than constant: step."


def test_six_seeds_decide_all_pairs(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 6)
    for seed in range(6):
        make_run("scheduler=step", f"seed={seed}", accuracy=0.94 + seed / 1000)
        make_run("scheduler=wsd", f"seed={seed}", accuracy=0.90 + seed / 1000 + (-1) ** seed * (seed + 1) / 20000)
    first, second, third = lines(tmp_path)
    assert first.startswith("Best schedule: cosine")
    assert second.endswith("(adjusted p = 0.031).")
    assert third == "Also better than constant: step. Equivalent to constant: wsd."


def test_difference_smaller_than_the_margin_is_slight(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(8):
        for scheduler, gain in {"constant": 0.0, "cosine": 1.0, "step": -1.0, "rex": 0.5}.items():
            accuracy = 0.95 + gain / 1000 + (-1) ** seed * gain / 20_000
            make_run("data=fashion_mnist", f"scheduler={scheduler}", f"seed={seed}", accuracy=accuracy)
    assert lines(tmp_path)[1:] == [
        "It is slightly better than constant by 0.10 percentage points, less than the 0.2 percentage points that "
        "matter (adjusted p = 0.008).",
        "Better than constant, but by less than the margin: rex. "
        "Worse than constant, but by less than the margin: step.",
    ]


def test_mean_and_median_of_opposite_signs_are_named(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(8):
        make_run("scheduler=constant", f"seed={seed}", accuracy=0.9)
        make_run("scheduler=cosine", f"seed={seed}", accuracy=0.95 if seed < 2 else 0.899)
    text = " ".join(lines(tmp_path))
    assert "The mean and the median difference have opposite signs: cosine (mean -1.18, median +0.10 points)." in text


def test_lead_that_is_not_significant_may_be_due_to_chance(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(8):
        make_run("scheduler=constant", f"seed={seed}", accuracy=0.90 + seed / 100)
        make_run("scheduler=cosine", f"seed={seed}", accuracy=0.98 - seed / 100)
    first, second = lines(tmp_path)
    assert first.startswith("Lowest test error: cosine, 5.50% (95%")
    assert re.fullmatch(
        r"It is 1\.00 .* below constant, which may be due to chance \(adjusted p = 0\.\d+\)\. "
        r"Showing that the two are equivalent, if they are, would take at least \d+ seeds\.",
        second,
    )
    assert not answers(tmp_path)[0].is_significant


def test_reference_with_the_lowest_error_is_named_as_such(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(8):
        make_run("scheduler=constant", f"seed={seed}", accuracy=0.95 + seed / 1000)
        make_run("scheduler=step", f"seed={seed}", accuracy=0.94 + seed / 1000)
    assert lines(tmp_path)[1:] == [
        "constant is the reference, and no other schedule was shown to be better.",
        "Worse than constant: step.",
    ]


def test_equivalence_names_the_margin_of_the_data_set(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(8):
        for scheduler, accuracy in {"constant": 0.95, "step": 0.95 + (-1) ** seed / 2000 + 0.0001}.items():
            make_run("data=fashion_mnist", f"scheduler={scheduler}", f"seed={seed}", accuracy=accuracy)
    make_run("data=digits", "scheduler=step")  # its margin is wider
    assert (
        "It is equivalent to constant: the 95% interval of the difference lies within ± 0.2 percentage points."
        in lines(tmp_path)
    )


def test_identical_runs_are_no_finding(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(8):
        for scheduler in ("constant", "step"):
            make_run(f"scheduler={scheduler}", f"seed={seed}", accuracy=0.95 + seed / 1000)
        make_run("scheduler=rex", f"seed={seed}", accuracy=0.95 + seed / 1000, val_loss=0.4)
    text = " ".join(lines(tmp_path))
    identical = "the runs are identical, as with the same learning rate at every update, to those of"
    assert f"Not compared, because {identical} constant: step." in text
    assert "Equivalent to constant: rex." in text
    assert f"Nothing was compared: {identical} step." in lines(tmp_path, "step")


def test_too_few_seeds_make_a_description(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 3)
    first, second = lines(tmp_path)
    assert first.startswith("Lowest test error: cosine, 4.95%")
    assert second == (
        "With 3 seeds, no difference from constant can be significant, however large: that takes 6 seeds. "
        "Read this as a description, not as a test."
    )


def test_no_schedule_is_best_if_no_run_completed(make_run: MakeRun, tmp_path: Path) -> None:
    for scheduler in ("constant", "cosine"):
        make_run(f"scheduler={scheduler}", accuracy=None, status="diverged")
    make_run("scheduler=step", accuracy=None, status="failed")
    assert lines(tmp_path) == ["No best schedule: none of the 3 runs completed (2 diverged, 1 failed)."]
    assert answers(tmp_path)[0].best == ()


def test_schedule_with_a_diverged_run_is_never_best(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 8)
    for seed in range(8):
        make_run("scheduler=step", f"seed={seed}", accuracy=0.99, status="completed" if seed else "diverged")
    first, *_, last = lines(tmp_path)
    assert first.startswith("Lowest test error among schedules without failed or diverged runs: cosine")
    assert last == "Never called best because of failed or diverged runs: step (1 diverged of 8)."


def test_no_schedule_is_best_if_all_have_failures(make_run: MakeRun, tmp_path: Path) -> None:
    for scheduler in ("constant", "cosine"):
        make_run(f"scheduler={scheduler}", "seed=0")
        make_run(f"scheduler={scheduler}", "seed=1", accuracy=None, status="failed")
    first, *_, last = lines(tmp_path)
    assert first == "No best schedule: every schedule with a completed run also has failed or diverged runs."
    assert "constant (1 failed of 2)" in last


def test_only_pairs_are_tested_without_a_reference(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(5):
        make_run("scheduler=step", f"seed={seed}", accuracy=0.90)
        make_run("scheduler=cosine", f"seed={seed}", accuracy=0.95)
    first, second = lines(tmp_path)
    assert first == "Lowest test error: cosine, 5.00%, over 5 seeds."
    assert second.startswith("There is no unique reference among these schedules, so no difference from it was tested.")
    for seed in range(5, 8):
        make_run("scheduler=step", f"seed={seed}", accuracy=0.90)
        make_run("scheduler=cosine", f"seed={seed}", accuracy=0.95)
    first, second = lines(tmp_path)
    assert first.startswith("Best schedule: cosine")
    assert second.startswith("It is better than every other schedule: all pairs were tested")


def test_single_run_is_not_compared(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=step")
    assert lines(tmp_path) == [
        "Lowest test error: step, 10.00%, over 1 seed.",
        "Nothing was tested: there is no other schedule to compare with.",
    ]


def test_schedule_that_no_rate_trains_is_nothing_to_compare_with(make_run: MakeRun, tmp_path: Path) -> None:
    for lr in (0.1, 0.2):
        make_run("scheduler=constant", f"optimizer.lr={lr}", "seed=9", "read_test=false", accuracy=0.8 + lr)
        make_run("scheduler=cosine", f"optimizer.lr={lr}", "seed=9", "read_test=false", status="diverged")
    for seed in range(7):
        make_run("scheduler=constant", "optimizer.lr=0.2", f"seed={seed}", accuracy=0.9)
    _, second, *_ = lines(tmp_path)
    assert second == "Nothing was tested: there is no other schedule to compare with."


def test_schedules_with_the_same_error_are_best_together(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(7):
        for scheduler, accuracy in {"constant": 0.8, "cosine": 0.9, "step": 0.9}.items():
            make_run(f"scheduler={scheduler}", f"seed={seed}", accuracy=accuracy + seed / 1000)
    first, second, *_ = lines(tmp_path)
    assert first.startswith("Lowest test error: cosine and step, 9.70%, over 7 seeds")  # each has its own interval
    assert second.startswith("cosine is better than constant by ")


def test_tuning_runs_have_no_test_error(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=step", "read_test=false")
    assert lines(tmp_path)[0].startswith("No test error yet: 1 run completed")


def test_schedule_with_interrupted_runs_only_is_not_mentioned(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 8)
    for seed in range(8):
        make_run("scheduler=step", f"seed={seed}", accuracy=None, status="interrupted")
    assert "step" not in " ".join(lines(tmp_path))


def test_single_seed_is_too_few(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 1)
    assert lines(tmp_path)[1].startswith("With 1 seed, no difference from constant can be significant")


def test_lowest_error_is_not_best_unless_it_beats_all_others(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(8):
        make_run("scheduler=constant", f"seed={seed}", accuracy=0.90 + seed / 1000)
        make_run("scheduler=cosine", f"seed={seed}", accuracy=0.95 + seed / 1000)
        make_run("scheduler=step", f"seed={seed}", accuracy=0.9499 + seed / 1000 + (-1) ** seed / 1000)
    first, second, third = lines(tmp_path)
    assert first.startswith("Lowest test error: cosine, 4.65%")
    assert second.startswith("It is better than constant by")
    assert third == "Also better than constant: step. Whether cosine differs from it is in pairwise.csv."
    assert answers(tmp_path)[0].is_significant


def test_untrainable_schedule_is_named(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 8)
    for seed in (100, 101):
        make_run("scheduler=step", f"seed={seed}", "read_test=false", status="diverged", accuracy=None)
        for scheduler in ("constant", "cosine"):
            make_run(f"scheduler={scheduler}", f"seed={seed}", "read_test=false")
    assert lines(tmp_path)[-1] == "No learning rate in the grid trained step."
    assert "no unique reference" in lines(tmp_path, "step")[1]


def test_nothing_is_tested_without_common_seeds(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=constant", accuracy=None, status="diverged")
    make_run("scheduler=cosine")
    assert lines(tmp_path)[1].startswith("Nothing could be tested: no other schedule completed a run with a seed")
