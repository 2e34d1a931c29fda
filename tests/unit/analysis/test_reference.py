"""The reference by the name of its schedule or of its setting."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from src.analysis.collect import collect
from src.analysis.comparison import comparison
from src.analysis.reference import check_reference, is_reference, reference_setting, remedy
from src.analysis.report.differences import untested_line
from src.analysis.report.results import load_results
from src.analysis.report.tables import format_table, notes
from src.errors import UsageError
from tests.unit.analysis.conftest import MakeRun


@pytest.fixture
def runs(make_run: MakeRun, tmp_path: Path) -> pd.DataFrame:
    for seed in range(6):
        for lr, error in ((0.1, 0.02), (0.03, 0.05)):
            make_run("scheduler=cosine", f"optimizer.lr={lr}", f"seed={seed}", accuracy=1 - error - seed / 1000)
        make_run("scheduler=step", "optimizer.lr=0.1", f"seed={seed}", accuracy=0.9 - seed / 2000)
    return collect([tmp_path / "sweep"]).runs


@pytest.mark.parametrize(
    ("reference", "name"),
    [("cosine lr=0.1", ("cosine", 0.1)), ("step", ("step", 0.1)), ("step lr=0.1", ("step", 0.1))],
)
def test_setting_is_named_as_in_the_tables(runs: pd.DataFrame, reference: str, name: tuple[str, float]) -> None:
    setting = reference_setting(runs, reference)
    assert set(zip(runs["scheduler"], runs["lr"], strict=True)) > {name}
    assert set(runs.loc[runs["setting"] == setting, ["scheduler", "lr"]].itertuples(index=False, name=None)) == {name}


@pytest.mark.parametrize("reference", ["cosine", "linear", "cosine lr=0.2", ""])
def test_ambiguous_or_unknown_name_is_no_setting(runs: pd.DataFrame, reference: str) -> None:
    assert reference_setting(runs, reference) is None


def test_settings_are_compared_with_the_named_one(runs: pd.DataFrame) -> None:
    table = comparison(runs, "cosine lr=0.1")
    reference = table[is_reference(table)]
    assert reference[["scheduler", "lr"]].to_numpy().tolist() == [["cosine", 0.1]]
    assert table.loc[~is_reference(table), "verdict"].tolist() == ["worse", "worse"]
    shown = format_table(table).set_index("scheduler")["verdict"]
    assert shown.tolist() == ["reference", "worse", "worse"]


def test_time_to_target_is_that_of_the_named_setting(make_run: MakeRun, tmp_path: Path) -> None:
    for lr, reached in ((0.1, 2), (0.2, None)):
        make_run("scheduler=cosine", f"optimizer.lr={lr}", reached={"0.8": 1, "0.9": reached})
    runs = collect([tmp_path / "sweep"]).runs
    assert set(comparison(runs, "cosine lr=0.1")["target"]) == {0.9}
    assert set(comparison(runs, "cosine lr=0.2")["target"]) == {0.8}


def test_untested_table_says_how_to_name_a_reference(runs: pd.DataFrame) -> None:
    table = comparison(runs)
    remedy_text = "give reference=NAME; choose from: cosine lr=0.1, cosine lr=0.03, step"
    assert remedy(table) == remedy_text
    assert any(remedy_text in note for note in notes(table))
    assert untested_line(table).endswith(f"{remedy_text}.")


def test_unknown_or_ambiguous_reference_is_refused(runs: pd.DataFrame) -> None:
    names = "cosine lr=0.03, cosine lr=0.1, step"
    with pytest.raises(UsageError, match=f"^reference=cosine: several settings have that name; choose one of {names}$"):
        check_reference(runs, "cosine")
    with pytest.raises(UsageError, match=r"^reference=rex: has no runs; choose one"):
        check_reference(runs, "rex")


def test_reference_of_the_sweep_is_that_of_its_report(runs: pd.DataFrame, tmp_path: Path) -> None:
    (tmp_path / "sweep" / "sweep.json").write_text('{"jobs": [], "reference": "step"}')
    assert set(load_results([tmp_path / "sweep"]).table["reference"]) == {"step"}
    assert set(load_results([tmp_path / "sweep"], "cosine lr=0.1").table["reference"]) == {"cosine lr=0.1"}


def test_reference_of_a_tuned_sweep_is_found_at_the_rate_that_was_chosen(make_run: MakeRun, tmp_path: Path) -> None:
    for scheduler in ("constant", "cosine"):
        for lr in (0.1, 0.2):
            make_run(f"scheduler={scheduler}", f"optimizer.lr={lr}", "seed=7", "read_test=false", accuracy=lr)
        make_run(f"scheduler={scheduler}", "optimizer.lr=0.2")
    assert set(load_results([tmp_path / "sweep"], "cosine").table["reference"].dropna()) == {"cosine"}
    with pytest.raises(UsageError, match=r"^reference=rex: has no runs; choose one of constant, cosine$"):
        load_results([tmp_path / "sweep"], "rex")


def test_exact_name_comes_before_the_schedule(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(6):
        make_run(f"seed={seed}", accuracy=0.9 + seed / 1000)
        make_run("averaging=ema", f"seed={seed}", accuracy=0.9, averaged=0.95 + seed / 2000)
    table = load_results([tmp_path / "sweep"], "constant").table.set_index("label")
    assert set(table["reference"]) == {"constant"}
    assert table.loc["constant (averaging=ema)", "verdict"] == "better"


def test_schedule_with_a_longer_label_is_named_by_it(make_run: MakeRun, tmp_path: Path) -> None:
    for scheduler in ("constant", "cosine", "swa"):  # swa turns averaging on
        make_run(f"scheduler={scheduler}")
    table = load_results([tmp_path / "sweep"], "swa").table
    assert set(table["reference"]) == {"swa (averaging=swa)"}
    assert is_reference(table).sum() == 1
