"""Sweeps in which every evaluation seed has a learning rate of its own, chosen by its own tuning seed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from src.analysis.collect import collect
from src.analysis.figures.build import draw_figures
from src.analysis.replicates import with_replicates
from src.analysis.report.answers import answers
from src.analysis.report.page import render
from src.analysis.report.results import Results, compute_results, load_results
from src.analysis.report.table_files import write_tables
from src.analysis.report.tables import format_table, to_markdown
from src.analysis.series import read_series
from tests.unit.analysis.conftest import MakeRun

LRS = ("0.016", "0.05", "0.16")
BEST = {"constant": ("0.016",) * 6, "cosine": ("0.05", "0.016", "0.05", "0.016", "0.05", "0.016")}
PROTOCOL: dict[str, Any] = {
    "tune_per_seed": True,
    "tuning_seeds": [1000 + place for place in range(6)],
    "evaluation_seeds": list(range(6)),
    "reference": "constant",
}


@pytest.fixture
def results(make_run: MakeRun, tmp_path: Path) -> Results:
    """Six replicates: cosine is better by a point under every seed; the rates of its replicates differ."""
    for scheduler, best in BEST.items():
        for place, chosen in enumerate(best):
            for lr in LRS:
                make_run(
                    f"scheduler={scheduler}", f"optimizer.lr={lr}", f"seed={1000 + place}", "read_test=false",
                    accuracy=0.9 if lr == chosen else 0.8,
                )  # fmt: skip
            accuracy = 0.9 + place / 1000 + 0.01 * (scheduler == "cosine") + (place**2 % 5) / 10_000
            make_run(f"scheduler={scheduler}", f"optimizer.lr={chosen}", f"seed={place}", accuracy=accuracy)
    return compute_results(collect([tmp_path / "sweep"]), sweep={"protocol": PROTOCOL})


def test_replicates_of_a_schedule_are_one_row_paired_by_seed(results: Results) -> None:
    table = results.table.set_index("scheduler")
    assert table.loc["cosine", ["n", "paired", "seeds", "lr", "lr_low", "lr_high"]].tolist() == [
        6, 6, "0 1 2 3 4 5", 0.016, 0.016, 0.05,
    ]  # fmt: skip
    assert table.loc["constant", ["lr", "lr_low", "lr_high"]].tolist() == [0.016] * 3
    assert table.loc["cosine", "difference"] == pytest.approx(-0.01)
    assert table.loc["cosine", "verdict"] == "better"
    assert results.table["setting"].is_unique
    assert results.unfinished == []


def test_pairs_and_the_answer_name_the_schedule_once(results: Results, tmp_path: Path) -> None:
    assert results.pairs[["first", "second", "n"]].to_numpy().tolist() == [["constant", "cosine", 6]]
    page = render(results, answers(results), [], tmp_path)
    assert "Best schedule: cosine, " in page
    assert "over 6 seeds" in page


def test_tables_show_the_range_of_rates(results: Results, tmp_path: Path) -> None:
    assert format_table(results.table)["peak lr"].tolist() == ["0.016–0.05", "0.016"]
    assert "0.016–0.05" in to_markdown(results.table)
    write_tables(results, tmp_path)
    assert "0.016--0.05" in (tmp_path / "comparison.tex").read_text()


def test_figures_show_every_replicate_under_the_name_of_its_schedule(results: Results, tmp_path: Path) -> None:
    series = read_series(results.evaluation)
    paths = draw_figures(results.evaluation, series, results.table, results.sensitivity, results.trials, tmp_path)
    assert {"test_error.svg", "lr_curves.svg", "lr_sensitivity.svg", "tuning_trials.svg"} <= {
        path.name for path in paths
    }
    svg = (tmp_path / "test_error.svg").read_text()
    assert "cosine" in svg
    assert "cosine lr=" not in svg


def test_runs_keep_their_own_rates(results: Results) -> None:
    runs = results.runs[results.runs["read_test"] & (results.runs["scheduler"] == "cosine")]
    assert runs.set_index("seed")["lr"].map("{:g}".format).to_dict() == dict(enumerate(BEST["cosine"]))


def test_seeds_outside_the_protocol_belong_to_no_replicate(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("seed=3")
    make_run("seed=1003")  # a tuning seed, but not a tuning run
    make_run("seed=1003", "read_test=false")
    runs = with_replicates(collect([tmp_path / "sweep"]).runs, PROTOCOL)
    assert runs.set_index(["seed", "read_test"])["replicate"].to_dict() == {
        (3, True): 3, (1003, True): -1, (1003, False): 3,
    }  # fmt: skip


def test_report_of_several_sweeps_keeps_the_protocol_of_each(results: Results, tmp_path: Path) -> None:
    (tmp_path / "sweep" / "sweep.json").write_text(json.dumps({"protocol": PROTOCOL, "jobs": []}))
    other = tmp_path / "other"
    other.mkdir()
    loaded = load_results([tmp_path / "sweep", other])
    assert loaded.table.set_index("scheduler")["n"].to_dict() == {"constant": 6, "cosine": 6}
    assert loaded.table["verdict"].tolist() == results.table["verdict"].tolist()
