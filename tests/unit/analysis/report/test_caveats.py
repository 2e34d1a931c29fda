"""What the answer says about the choice of the learning rates."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from src.analysis.collect import Collection
from src.analysis.report.answer import answer
from src.analysis.report.caveats import TOO_FEW_TUNING_SEEDS, tuning_alerts
from src.analysis.report.results import Results, compute_results
from tests.unit.analysis.sweeps import MARGIN, evaluation_runs_at, tuning_runs
from tests.unit.analysis.test_stability import WORSE

INSIDE = {0.016: [0.02, 0.02], 0.05: [0.01, 0.01], 0.16: [0.02, 0.02]}


def lines(results: Results) -> str:
    return " ".join(answer("", results.table, results.pairs, MARGIN).lines)


def evaluated(rates: Mapping[str, float]) -> pd.DataFrame:
    """Ten seeds at the given rates; each schedule is half a point better than the one before."""
    noise = np.random.default_rng(0).normal(0, 0.001, (len(rates), 10))
    means = 0.02 - 0.005 * np.arange(len(rates))[:, None]
    return evaluation_runs_at(
        {name: (lr, errors.tolist()) for (name, lr), errors in zip(rates.items(), means + noise, strict=True)}
    )


def results_of(*parts: pd.DataFrame) -> Results:
    return compute_results(Collection(pd.concat(parts, ignore_index=True), []))


def test_choice_inside_the_grid_needs_no_caveat() -> None:
    results = results_of(
        tuning_runs({"constant": INSIDE, "cosine": INSIDE}), evaluated({"constant": 0.05, "cosine": 0.05})
    )
    assert "better than constant by" in lines(results)
    assert "rate" not in lines(results)
    assert tuning_alerts(results) == []


def test_edges_of_the_best_schedule_and_of_the_reference_are_named() -> None:
    low = {0.016: [0.01, 0.01], 0.05: [0.02, 0.02]}
    high = {0.016: [0.02, 0.02], 0.05: [0.01, 0.01]}
    results = results_of(
        tuning_runs({"constant": low, "step": low, "cosine": high}),
        evaluated({"constant": 0.016, "step": 0.016, "cosine": 0.05}),
    )
    text = lines(results)
    assert "The rate of cosine lies at the upper edge of the grid, so a larger one may be better." in text
    assert "The rate of constant lies at the lower edge of the grid, so a smaller one may be better." in text
    assert "of step" not in text


def test_rates_that_are_equally_good_are_named() -> None:
    tied = {**INSIDE, 0.16: [0.01, 0.01], 0.5: [0.02, 0.02]}
    results = results_of(
        tuning_runs({"constant": INSIDE, "cosine": tied}), evaluated({"constant": 0.05, "cosine": 0.05})
    )
    assert "cosine has the same median validation error at the rates 0.05 and 0.16; the loss decided." in lines(results)
    assert results.table.set_index("scheduler")["tied_rates"].to_dict() == {"cosine": "0.16", "constant": ""}


def test_tuning_seeds_that_disagree_are_the_reason_of_the_answer() -> None:
    steady = {0.1: [0.01] * 3}
    results = results_of(
        tuning_runs({"constant": steady, "cosine": WORSE}), evaluated({"constant": 0.1, "cosine": 0.1})
    )
    assert (
        ", but the verdict is inconclusive: the tuning seeds disagree on the rate: in 26% of the draws the verdict "
        "would be another."
    ) in lines(results)
    assert "chance" not in lines(results)


def test_shared_rate_that_was_not_tuned_is_one_sentence() -> None:
    shared = results_of(evaluated({"constant": 0.05, "cosine": 0.05}))
    sentence = "All schedules ran at lr 0.05, which was not tuned for any of them; at its own best rate another"
    assert lines(shared).count("All schedules ran at lr") == 1
    assert sentence in lines(shared)
    assert "All schedules" not in lines(results_of(evaluated({"constant": 0.05, "cosine": 0.1})))
    assert "All schedules" not in lines(results_of(evaluated({"constant": 0.05})))


def test_rates_given_per_schedule_are_named_as_not_tuned() -> None:
    given = results_of(evaluated({"constant": 0.05, "cosine": 0.1}))
    assert (
        "The learning rates were given, not tuned (cosine 0.1 and constant 0.05); at its own best rate another "
        "schedule may win."
    ) in lines(given)
    grid = pd.concat([evaluated({"constant": 0.05, "cosine": 0.1}), evaluated({"cosine": 0.05})], ignore_index=True)
    assert "given, not tuned" not in lines(results_of(grid))


@pytest.mark.parametrize(("num_seeds", "alerts"), [(1, [TOO_FEW_TUNING_SEEDS]), (2, [])])
def test_one_tuning_seed_is_named_once_for_the_report(num_seeds: int, alerts: list[str]) -> None:
    rates = {lr: errors[:num_seeds] for lr, errors in INSIDE.items()}
    evaluation = evaluated({"constant": 0.05, "cosine": 0.05})
    results = results_of(tuning_runs({"constant": rates, "cosine": rates}), evaluation)
    assert tuning_alerts(results) == alerts
    assert tuning_alerts(results_of(evaluation)) == []


def test_replicates_that_no_rate_trained_are_named() -> None:
    runs = pd.concat(
        [
            tuning_runs({"constant": {0.05: [0.02] * 3}, "cosine": {0.05: [0.01, None, 0.01]}}),
            evaluation_runs_at({"constant": (0.05, [0.02] * 3), "cosine": (0.05, [0.01, 0.01, 0.01])}),
        ],
        ignore_index=True,
    )
    protocol = {"tune_per_seed": True, "tuning_seeds": [1000, 1001, 1002], "evaluation_seeds": [0, 1, 2]}
    results = compute_results(Collection(runs, []), sweep={"protocol": protocol})
    assert results.table.set_index("scheduler")["n"].to_dict() == {"cosine": 2, "constant": 3}
    assert "Under some tuning seeds no learning rate trained cosine (1 of 3); the mean covers" in lines(results)


def test_edges_of_replicates_are_counted() -> None:
    tuning = tuning_runs({"constant": INSIDE, "cosine": {0.016: [0.02, 0.01], 0.05: [0.01, 0.02], 0.16: [0.3, 0.3]}})
    evaluation = evaluation_runs_at({"constant": (0.05, [0.02, 0.02]), "cosine": (0.05, [0.01])})
    other = evaluation_runs_at({"cosine": (0.016, [0.01, 0.012])}).tail(1)
    runs = pd.concat([tuning, evaluation, other], ignore_index=True)
    protocol = {"tune_per_seed": True, "tuning_seeds": [1000, 1001], "evaluation_seeds": [0, 1]}
    results = compute_results(Collection(runs, []), sweep={"protocol": protocol})
    assert results.table["n"].tolist() == [2, 2]
    assert "1 of the 2 rates of cosine lies at the lower edge of the grid, so a smaller one may be better." in lines(
        results
    )
