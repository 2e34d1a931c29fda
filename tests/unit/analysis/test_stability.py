"""Verdicts that depend on which tuning seeds chose the learning rates."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from src.analysis.comparison import comparison
from src.analysis.pairwise import pairwise
from src.analysis.redraws import Redraw, redraws
from src.analysis.report.answer import answer
from src.analysis.stability import differs, with_stable_pairs, with_stable_verdicts
from src.analysis.tuning import GROUP, evaluation_runs
from src.analysis.workloads import keys
from tests.calibration_tuning import directions, redrawn, simulated, true_errors
from tests.unit.analysis.sweeps import MARGIN, evaluation_runs_at, tuning_runs
from tests.unit.analysis.test_redraws import STEP

NOISE = np.random.default_rng(1).normal(0, 0.001, (3, 8))
STEADY = {0.1: [0.01, 0.01, 0.01]}
# Rate 1.0 is chosen if the third seed is drawn at least twice; over all seeds it is over a point worse or better.
WORSE = {0.1: [0.01, 0.01, 0.04], 1.0: [0.04, 0.04, 0.021]}
BETTER = {0.1: [0.01, 0.01, 0.04], 1.0: [0.011, 0.011, 0.0]}


def sweep(tuning: dict[str, Any], errors: dict[str, float], lr: float = 0.1) -> pd.DataFrame:
    """A tuned sweep; the mean test errors are given, and their noise is the same for every seed."""
    evaluated = {name: (lr, mean + noise) for (name, mean), noise in zip(errors.items(), NOISE, strict=False)}
    return pd.concat([tuning_runs(tuning), evaluation_runs_at(evaluated)], ignore_index=True)


def judged(runs: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The comparison and the pairs, judged with redraws of the tuning seeds."""
    evaluation, draws = evaluation_runs(runs), redraws(runs)
    table = with_stable_verdicts(comparison(evaluation), evaluation, draws)
    return table.set_index("scheduler"), with_stable_pairs(pairwise(evaluation), evaluation, draws)


def test_tuned_schedules_without_a_reference_have_no_verdict() -> None:
    table, pairs = judged(sweep({"step": STEADY, "cosine": WORSE}, {"step": 0.02, "cosine": 0.01}))
    assert table["verdict"].isna().all()
    assert pairs["tuning_agreement"].tolist() == [pytest.approx(20 / 27)]


def test_verdict_that_other_tuning_seeds_would_change_is_inconclusive() -> None:
    table, _ = judged(sweep({"constant": STEADY, "cosine": WORSE}, {"constant": 0.02, "cosine": 0.01}))
    row = table.loc["cosine"]
    assert row["p_adjusted"] < 0.05
    assert row["tuning_agreement"] == pytest.approx(20 / 27)
    assert row["verdict"] == "inconclusive"
    assert row["reason"] == "the tuning seeds disagree on the rate: in 26% of the draws the verdict would be another"


def test_reference_whose_rate_is_uncertain_makes_rows_inconclusive() -> None:
    table, _ = judged(sweep({"constant": WORSE, "cosine": STEADY}, {"constant": 0.01, "cosine": 0.02}))
    assert table.loc["cosine", ["verdict", "tuning_agreement"]].tolist() == ["inconclusive", pytest.approx(20 / 27)]


def test_reference_without_a_result_judges_nothing() -> None:
    runs = sweep({"constant": STEADY, "cosine": STEADY}, {"constant": 0.02, "cosine": 0.01})
    is_lost = (runs["scheduler"] == "constant") & runs["read_test"]
    runs.loc[is_lost, ["status", "test_accuracy"]] = ["diverged", math.nan]
    table, _ = judged(runs)
    assert pd.isna(table.loc["cosine", "tuning_agreement"])
    assert table.loc["cosine", "verdict"] == "inconclusive"


def test_tuning_of_another_workload_does_not_hide_that_seeds_disagree() -> None:
    uncertain = sweep({"constant": STEADY, "cosine": WORSE}, {"constant": 0.02, "cosine": 0.01})
    tuned_once = sweep({"constant": {0.1: [0.01]}, "cosine": {0.1: [0.01]}}, {"constant": 0.02, "cosine": 0.01}).assign(
        epochs=9
    )
    table, _ = judged(pd.concat([uncertain, tuned_once], ignore_index=True))
    rows = table.reset_index().set_index(["scheduler", "epochs"])
    assert rows.loc[("cosine", 5), ["verdict", "tuning_agreement"]].tolist() == ["inconclusive", pytest.approx(20 / 27)]
    assert pd.isna(rows.loc[("cosine", 9), "tuning_agreement"])


def test_verdict_stays_where_the_other_rate_is_as_good() -> None:
    table, pairs = judged(sweep({"constant": STEADY, "cosine": STEP}, {"constant": 0.02, "cosine": 0.01}))
    assert table.loc["cosine", ["verdict", "tuning_agreement", "reason"]].tolist() == ["better", pytest.approx(1), ""]
    assert differs(pairs).tolist() == [True]


def test_inconclusive_row_has_an_agreement_but_no_reason() -> None:
    table, pairs = judged(sweep({"constant": STEADY, "cosine": WORSE}, {"constant": 0.01, "cosine": 0.01}))
    assert table.loc["cosine", ["verdict", "reason"]].tolist() == ["inconclusive", ""]
    assert table.loc["cosine", "tuning_agreement"] == pytest.approx(20 / 27)
    assert differs(pairs).tolist() == [False]


def test_schedule_that_a_draw_does_not_train_agrees_with_no_verdict() -> None:
    tuning = {"constant": STEADY, "cosine": {0.1: [0.01, 0.01, None]}}
    table, pairs = judged(sweep(tuning, {"constant": 0.02, "cosine": 0.01}))
    assert table.loc["cosine", ["verdict", "tuning_agreement"]].tolist() == ["inconclusive", pytest.approx(20 / 27)]
    assert pairs["tuning_agreement"].tolist() == [pytest.approx(20 / 27)]


def test_best_of_all_needs_pairs_that_other_tuning_seeds_would_not_change() -> None:
    errors = {"constant": 0.03, "cosine": 0.01, "wsd": 0.02}
    steady, pairs = judged(sweep(dict.fromkeys(errors, STEADY), errors))
    assert answer("", steady.reset_index(), pairs, MARGIN).lines[0].startswith("Best schedule: cosine")
    uncertain, pairs = judged(sweep({**dict.fromkeys(errors, STEADY), "wsd": BETTER}, errors))
    is_best = (pairs["first"] == "cosine") & (pairs["second"] == "wsd")
    assert pairs.loc[is_best, "tuning_agreement"].tolist() == [pytest.approx(20 / 27)]
    assert (pairs["p_adjusted"] < 0.05).all()
    assert answer("", uncertain.reset_index(), pairs, MARGIN).lines[0].startswith("Lowest test error: cosine")


def test_verdicts_stay_without_redraws() -> None:
    runs = sweep({"constant": {0.1: [0.01]}, "cosine": {0.1: [0.01]}}, {"constant": 0.02, "cosine": 0.01})
    table, pairs = judged(runs)
    assert table.loc["cosine", "verdict"] == "better"
    assert table["tuning_agreement"].isna().all()
    assert pairs["tuning_agreement"].isna().all()


def test_shifts_that_cancel_change_nothing() -> None:
    runs = sweep({"constant": STEADY, "cosine": STEADY}, {"constant": 0.02, "cosine": 0.01})
    evaluation = evaluation_runs(runs)
    draws = [Redraw(1.0, dict.fromkeys(keys(evaluation, GROUP), 0.3))]
    assert with_stable_verdicts(comparison(evaluation), evaluation, draws)["tuning_agreement"].dropna().tolist() == [1]
    assert math.isclose(with_stable_pairs(pairwise(evaluation), evaluation, draws)["tuning_agreement"].iloc[0], 1)


def test_simulated_verdicts_are_those_of_the_analysis() -> None:
    rng, means = np.random.default_rng(5), true_errors(0.1, better=-0.3)
    names = ["constant", *(f"schedule {number}" for number in range(1, len(means)))]
    for _ in range(4):
        test, tuning = simulated(rng, means, 10, 10_000), simulated(rng, means, 3, 5_000)
        chosen = tuning.choices(range(3))
        expected = redrawn(test, tuning, chosen, directions(test.at(chosen)))
        trials = {name: dict(enumerate(rates, 1)) for name, rates in zip(names, tuning.measured / 100, strict=True)}
        evaluated = [
            evaluation_runs_at({name: (lr, errors) for name, errors in zip(names, rates / 100, strict=True)})
            for lr, rates in enumerate(test.measured.swapaxes(0, 1), 1)
        ]
        runs = pd.concat([tuning_runs(trials).assign(val_loss=tuning.exact.ravel()), *evaluated], ignore_index=True)
        table, _ = judged(runs)
        assert [table.loc[name, "verdict"].removeprefix("slightly ") for name in names[1:]] == expected
