"""Published results: tables follow from the runs beside them, and pages quote them unchanged."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from src.analysis import stats
from tests.conftest import ROOT
from tests.docs.pages import DOCS, README, page_id, table

FOLDERS = sorted(path.parent for path in (DOCS / "results").glob("*/comparison.csv"))
MARGIN = 0.0005  # data.equivalence_margin of MNIST

published = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


def errors_by_seed(runs: pd.DataFrame) -> dict[str, dict[int, float]]:
    evaluation = runs[runs["read_test"]]
    return {
        str(name): dict(zip(rows["seed"], 1 - rows["test_accuracy"], strict=True))
        for name, rows in evaluation.groupby("scheduler")
    }


@published
def test_comparison_follows_from_the_runs(folder: Path) -> None:
    runs, comparison = pd.read_csv(folder / "runs.csv"), pd.read_csv(folder / "comparison.csv").set_index("scheduler")
    assert (runs["status"] == "completed").all()
    errors = errors_by_seed(runs)
    for name, result in stats.compare(errors, comparison["reference"].iloc[0], margin=MARGIN).items():
        row = comparison.loc[name]
        assert row["test_error_mean"] == pytest.approx(sum(errors[name].values()) / len(errors[name]))
        assert row[["difference", "difference_low", "difference_high"]].tolist() == pytest.approx(
            [result.difference, result.interval.low, result.interval.high]
        )
        assert row[["p", "p_holm"]].tolist() == pytest.approx([result.p, result.p_holm])
        assert row["verdict"] == result.verdict


@published
def test_runs_follow_the_protocol(folder: Path) -> None:
    runs, sweep = pd.read_csv(folder / "runs.csv"), json.loads((folder / "sweep.json").read_text())
    protocol, tuning = sweep["protocol"], ~runs["read_test"]
    assert set(runs.loc[tuning, "seed"]) == set(protocol["tuning_seeds"])
    assert set(runs.loc[~tuning, "seed"]) == set(protocol["evaluation_seeds"])
    assert runs.loc[tuning, "test_accuracy"].isna().all()
    trials = runs[tuning].groupby("scheduler").size()
    assert set(trials.index) == set(protocol["schedulers"])
    assert trials.nunique() == 1  # the same number for each
    median = runs[tuning].groupby(["scheduler", "lr"])["val_loss"].median().unstack("scheduler")
    assert runs[~tuning].groupby("scheduler")["lr"].unique().map(list).to_dict() == {
        name: [lr] for name, lr in median.idxmin().items()
    }
    assert runs["git_sha"].nunique() == 1
    assert not sweep["provenance"]["git_dirty"]


@published
def test_no_absolute_path_is_published(folder: Path) -> None:
    texts = [path.read_text() for path in folder.rglob("*") if path.suffix in (".csv", ".json", ".md", ".tex", ".svg")]
    absolute = re.compile(r"""(?:^|[\s"',;=(])/\w+/\w""", re.MULTILINE)
    assert absolute.search('"folder": "/home/me/sweeps"')
    assert [match.group() for text in texts for match in absolute.finditer(text)] == []


@pytest.mark.parametrize("page", [README, DOCS / "comparing.md"], ids=page_id)
def test_quoted_table_equals_the_published_one(page: Path) -> None:
    original = table(DOCS / "results" / "lenet-sgd-5-epochs" / "comparison.md", "scheduler")
    quoted = table(page, "scheduler")
    assert {"scheduler", "peak lr", "test error %", "Δ", "p (Holm)", "verdict"} <= set(quoted[0])
    assert quoted == [{column: row[column] for column in quoted[0]} for row in original]


def test_readme_shows_a_published_figure() -> None:
    assert "(docs/results/lenet-sgd-5-epochs/figures/test_error.png)" in README.read_text()
    assert ROOT / "docs" / "results" / "lenet-sgd-5-epochs" in FOLDERS
