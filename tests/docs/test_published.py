"""Published results: tables follow from the runs beside them, and pages quote them unchanged."""

from __future__ import annotations

import io
import json
import re
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from src.analysis.report.tables import format_table
from tests.conftest import ROOT
from tests.docs.pages import DOCS, README, page_id, table
from tests.republish import from_csv, tables

FOLDERS = sorted(path.parent for path in (DOCS / "results").glob("*/runs.csv"))

published = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


@published
def test_every_number_follows_from_the_runs(folder: Path) -> None:
    runs = pd.read_csv(folder / "runs.csv")
    assert (runs.loc[runs["read_test"], "status"] == "completed").all()
    assert set(runs["status"]) <= {"completed", "diverged"}
    for name, text in tables(folder).items():
        if name.endswith(".csv"):
            pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(text)), pd.read_csv(folder / name), rtol=1e-9)
        else:
            assert text == (folder / name).read_text()


@published
def test_published_statistics_are_those_of_the_errors(folder: Path) -> None:
    runs, comparison = pd.read_csv(folder / "runs.csv"), pd.read_csv(folder / "comparison.csv").set_index("scheduler")
    errors = 1 - runs[runs["read_test"]].pivot(index="seed", columns="scheduler", values="test_accuracy")
    assert comparison["test_error_mean"].to_dict() == pytest.approx(errors.mean().to_dict())
    differences = errors.drop(columns="constant").sub(errors["constant"], axis=0)
    rows = comparison.loc[differences.columns]
    assert rows["difference"].to_dict() == pytest.approx(differences.mean().to_dict())
    assert rows["difference_median"].to_dict() == pytest.approx(differences.median().to_dict())
    assert rows["difference_sd"].to_dict() == pytest.approx(differences.std().to_dict())
    assert len(rows) == 8
    assert rows["verdict"].value_counts().to_dict() == {"better": 2, "inconclusive": 6}
    pairs = pd.read_csv(folder / "pairwise.csv")
    assert (len(pairs), (pairs["p_adjusted"] < 0.05).sum()) == (36, 7)


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
    median = runs[tuning].assign(val_error=1 - runs["val_accuracy"]).groupby(["scheduler", "lr"])
    ranked = median[["val_error", "val_loss"]].median().round(12).sort_values(["val_error", "val_loss"]).reset_index()
    assert runs[~tuning].groupby("scheduler")["lr"].unique().map(list).to_dict() == {
        name: [lr] for name, lr in ranked.groupby("scheduler")["lr"].first().items()
    }
    assert runs["git_sha"].nunique() == 1
    assert not sweep["provenance"]["git_dirty"]


@published
def test_report_has_the_published_table_and_no_link_to_files_that_are_not(folder: Path) -> None:
    page = (folder / "report.html").read_text()
    rows = [[cell_text(cell) for cell in row] for row in html_table(page, "pinned").iter("tr")]
    shown = pd.DataFrame(rows[1:], columns=rows[0])
    published_table = format_table(from_csv(pd.read_csv(folder / "comparison.csv")))
    pd.testing.assert_frame_equal(shown[published_table.columns], published_table, check_dtype=False)
    links = [link for link in re.findall(r'(?:href|src)="([^"]*)"', page) if not link.startswith(("#", "data:"))]
    assert [link for link in links if not (folder / link).exists()] == []
    assert len(page) < 1_500_000


def html_table(page: str, name: str) -> ET.Element:
    """The first table of this class."""
    match = re.search(rf'<table class="{name}">.*?</table>', page, re.DOTALL)
    assert match is not None
    return ET.fromstring(match.group())


def cell_text(cell: ET.Element) -> str:
    return "".join(cell.itertext()).replace("\u00a0", " ")


@published
def test_curves_are_those_of_the_evaluation_runs(folder: Path) -> None:
    runs = pd.read_csv(folder / "runs.csv")
    evaluation = runs[runs["read_test"]]
    with zipfile.ZipFile(folder / "curves.zip") as archive:
        histories = {name: pd.read_csv(archive.open(name)) for name in archive.namelist() if "history" in name}
        steps = [name for name in archive.namelist() if "steps" in name]
    places = "runs/" + evaluation["folder"].str.partition("/runs/")[2] + "/history.csv"
    drawn = evaluation.assign(place=places)[places.isin(histories)]
    assert len(drawn) == len(histories) == drawn["seed"].nunique() * evaluation["scheduler"].nunique()
    assert drawn["seed"].nunique() >= 5  # for the interquartile range
    assert len(steps) == evaluation["scheduler"].nunique()
    missing = len(evaluation) - len(drawn)
    assert (f"{missing} runs have no history.csv" in (folder / "report.html").read_text()) == (missing > 0)
    for run in drawn.to_dict("records"):
        last = histories[run["place"]].iloc[-1]
        for metric in ("train_loss", "val_loss", "val_accuracy"):
            assert last[metric] == run[metric]
        assert (last["epoch"], last["step"]) == (run["epochs"], run["steps"])


@published
def test_no_absolute_path_is_published(folder: Path) -> None:
    texts = [path.read_text() for path in folder.rglob("*") if path.suffix not in (".png", ".zip") and path.is_file()]
    absolute = re.compile(r"""(?:^|[\s"',;=(])/\w+/\w""", re.MULTILINE)
    assert absolute.search('"folder": "/home/me/sweeps"')
    assert [match.group() for text in texts for match in absolute.finditer(text)] == []


@pytest.mark.parametrize("page", [README, DOCS / "comparing.md"], ids=page_id)
def test_quoted_table_equals_the_published_one(page: Path) -> None:
    original = table(DOCS / "results" / "lenet-sgd-5-epochs" / "comparison.md", "scheduler")
    quoted = table(page, "scheduler")
    assert {"scheduler", "peak lr", "test error %", "Δ", "p (adjusted)", "verdict"} <= set(quoted[0])
    assert quoted == [{column: row[column] for column in quoted[0]} for row in original]


def test_readme_shows_a_published_figure() -> None:
    assert "(docs/results/lenet-sgd-5-epochs/figures/test_error.png)" in README.read_text()
    assert ROOT / "docs" / "results" / "lenet-sgd-5-epochs" in FOLDERS
