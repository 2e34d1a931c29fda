"""The order of the schedules in words, where they completed different seeds."""

from __future__ import annotations

from pathlib import Path

from tests.unit.analysis.conftest import MakeRun, make_winner
from tests.unit.analysis.report.conftest import answers, lines


def make_seeds(make_run: MakeRun, scheduler: str, accuracies: dict[int, float]) -> None:
    for seed, accuracy in accuracies.items():
        make_run(f"scheduler={scheduler}", f"seed={seed}", accuracy=accuracy)


def test_schedule_with_easier_seeds_is_not_called_best(make_run: MakeRun, tmp_path: Path) -> None:
    make_seeds(make_run, "constant", {seed: 0.90 if seed < 8 else 0.80 for seed in range(12)})
    make_seeds(make_run, "cosine", dict.fromkeys(range(8), 0.89))
    assert lines(tmp_path) == [
        "Best schedule: constant, 10.00% test error (95% confidence interval 10.00 to 10.00), over the 8 seeds that "
        "all completed.",
        "constant is the reference, and no other schedule was shown to be better.",
        "Worse than constant: cosine.",
    ]


def test_easier_seeds_of_the_reference_do_not_hide_a_better_schedule(make_run: MakeRun, tmp_path: Path) -> None:
    make_seeds(make_run, "constant", {seed: 0.90 if seed < 8 else 0.99 for seed in range(12)})
    make_seeds(make_run, "cosine", dict.fromkeys(range(8), 0.91))
    first, second = lines(tmp_path)
    assert first.startswith("Best schedule: cosine, 9.00% test error")
    assert second == "It is better than constant by 1.00 percentage points (adjusted p = 0.008)."


def test_common_seeds_that_contradict_the_pairs_name_no_best_schedule(make_run: MakeRun, tmp_path: Path) -> None:
    make_seeds(make_run, "constant", dict.fromkeys(range(12), 0.90))
    make_seeds(make_run, "cosine", {seed: 0.91 if seed < 2 else 0.88 + seed / 1000 for seed in range(12)})
    make_seeds(make_run, "step", dict.fromkeys((0, 1, 12, 13, 14, 15), 0.8))
    assert lines(tmp_path) == [
        "No best schedule: cosine has the lowest test error over the 2 seeds that all completed, but "
        "constant does better over all seeds that it shares with cosine.",
        "Worse than constant: cosine. Not shown to differ from constant: step.",
    ]
    assert answers(tmp_path)[0].best == ()


def test_few_common_seeds_are_called_too_few(make_run: MakeRun, tmp_path: Path) -> None:
    make_seeds(make_run, "constant", dict.fromkeys(range(8), 0.90))
    make_seeds(make_run, "cosine", {seed: 0.95 + seed / 1000 for seed in range(3, 11)})
    first, second = lines(tmp_path)
    assert first == (
        "Lowest test error: cosine, 4.50%, over the 5 seeds that all completed. 5 common seeds are too few for a "
        "reliable order."
    )
    assert second.startswith("With 5 seeds, no difference from constant can be significant")


def test_differences_over_more_seeds_than_the_order_say_so(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 10)
    make_seeds(make_run, "step", dict.fromkeys(range(7), 0.85))
    first, second, third = lines(tmp_path)
    assert "over the 7 seeds that all completed" in first
    assert second.endswith("percentage points over the 10 seeds that both completed (adjusted p = 0.002).")
    assert third == "Worse than constant: step."


def test_schedules_without_a_common_seed_have_no_order(make_run: MakeRun, tmp_path: Path) -> None:
    make_seeds(make_run, "constant", {0: 0.9})
    make_seeds(make_run, "cosine", {1: 0.95})
    assert lines(tmp_path) == [
        "No best schedule: there is no seed that all schedules completed, so their errors cannot be ranked.",
        "Nothing could be tested: no other schedule completed a run with a seed that constant completed.",
    ]


def test_schedule_with_too_few_seeds_beside_the_others_is_named(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 8)
    make_seeds(make_run, "step", {0: 0.999})
    first, *_, last = lines(tmp_path)
    assert first.startswith("Lowest test error: cosine, 4.83%")
    assert first.endswith("over 8 seeds.")
    assert last == "Not ranked, with fewer than 6 seeds: step (1 seed)."


def test_schedule_with_too_few_seeds_has_no_verdict_in_words(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 8)
    make_seeds(make_run, "step", {0: 0.5, 1: 0.5})
    assert lines(tmp_path)[2:] == ["Not ranked, with fewer than 6 seeds: step (2 seeds)."]


def test_single_run_without_a_result_is_counted_in_the_singular(make_run: MakeRun, tmp_path: Path) -> None:
    make_run(accuracy=None, status="failed")
    assert lines(tmp_path) == ["No best schedule: the only run did not complete (1 failed)."]
