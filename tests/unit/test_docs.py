"""What is published follows from the raw runs beside it, and the README quotes it as it is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from src.analysis import stats
from src.config import CONF
from tests.conftest import ROOT

RESULTS = sorted((ROOT / "docs" / "results").glob("*/comparison.csv"))


@pytest.fixture(params=RESULTS, ids=lambda path: path.parent.name)
def result(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.param.parent
    return folder


def errors_by_seed(runs: pd.DataFrame) -> dict[str, dict[int, float]]:
    evaluation = runs[runs["read_test"]]
    return {
        str(name): dict(zip(rows["seed"], 1 - rows["test_accuracy"], strict=True))
        for name, rows in evaluation.groupby("scheduler")
    }


def test_the_table_follows_from_the_runs(result: Path) -> None:
    runs, table = pd.read_csv(result / "runs.csv"), pd.read_csv(result / "comparison.csv").set_index("scheduler")
    assert (runs["status"] == "completed").all()
    errors = errors_by_seed(runs)
    margin = 0.0005  # of MNIST
    for name, found in stats.compare(errors, table["reference"].iloc[0], margin=margin).items():
        row = table.loc[name]
        assert row["test_error_mean"] == pytest.approx(sum(errors[name].values()) / len(errors[name]))
        assert row[["difference", "difference_low", "difference_high"]].tolist() == pytest.approx(
            [found.difference, found.interval.low, found.interval.high]
        )
        assert row[["p", "p_holm"]].tolist() == pytest.approx([found.p, found.p_holm])
        assert row["verdict"] == found.verdict


def test_the_runs_are_those_of_the_protocol(result: Path) -> None:
    runs, sweep = pd.read_csv(result / "runs.csv"), json.loads((result / "sweep.json").read_text())
    protocol, tuning = sweep["protocol"], ~runs["read_test"]
    assert set(runs.loc[tuning, "seed"]) == set(protocol["tuning_seeds"])
    assert set(runs.loc[~tuning, "seed"]) == set(protocol["evaluation_seeds"])
    assert runs.loc[tuning, "test_accuracy"].isna().all()
    trials = runs[tuning].groupby("scheduler").size()
    assert set(trials.index) == set(protocol["schedulers"])
    assert trials.nunique() == 1  # as many for each
    median = runs[tuning].groupby(["scheduler", "lr"])["val_loss"].median().unstack("scheduler")
    assert runs[~tuning].groupby("scheduler")["lr"].unique().map(list).to_dict() == {
        name: [lr] for name, lr in median.idxmin().items()
    }
    assert runs["git_sha"].nunique() == 1
    assert not sweep["provenance"]["git_dirty"]


def test_no_path_of_a_machine_is_published(result: Path) -> None:
    texts = [path.read_text() for path in result.rglob("*") if path.suffix in (".csv", ".json", ".md", ".tex", ".svg")]
    absolute = re.compile(r"""(?:^|[\s"',;=(])/\w+/\w""", re.MULTILINE)
    assert absolute.search('"folder": "/home/me/sweeps"')
    assert [found.group() for text in texts for found in absolute.finditer(text)] == []


def cells_of(markdown: str) -> list[list[str]]:
    rows = [line for line in markdown.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def test_the_readme_quotes_it(result: Path) -> None:
    cells = cells_of((result / "comparison.md").read_text())
    quoted = cells_of((ROOT / "README.md").read_text())
    kept = [place for place, name in enumerate(cells[0]) if name not in ("n", "test loss", "train s")]
    for row in cells:
        assert [row[place] for place in kept] in quoted


def test_the_readme_names_every_schedule() -> None:
    readme = (ROOT / "README.md").read_text()
    missing = [path.stem for path in (CONF / "scheduler").glob("*.yaml") if f"| `{path.stem}`" not in readme]
    assert missing == []
