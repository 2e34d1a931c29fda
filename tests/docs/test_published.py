"""Published results: tables follow from the runs beside them, and pages quote them unchanged."""

from __future__ import annotations

import functools
import io
import math
import re
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from src.analysis.report.results import Results
from src.analysis.report.tables import format_table
from src.analysis.workloads import WORKLOAD
from tests.docs.pages import DOCS, README, names, page_id, running_text, table
from tests.published_files import RESULTS, find, published_folders, read_sources, read_table, read_text, sweep_of
from tests.published_summary import catalog_cells, cpu_hours, summary
from tests.republish import from_csv, read_results, tables

FOLDERS = published_folders()
LENET = RESULTS / "lenet-sgd-5-epochs"
ALL_SCHEDULES = RESULTS / "all-schedules"
LEADERS = ["trapezoid", "wsd"]  # of all schedules
MAX_BYTES = 3_000_000  # of a folder
TABLE = ["dataset", "model", "optimizer", "epochs", "batch_size"]  # what runs of one table share

published = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(RESULTS)))
with_page = pytest.mark.parametrize("folder", [folder for folder in FOLDERS if (folder / "report.html").exists()])
with_curves = pytest.mark.parametrize("folder", [folder for folder in FOLDERS if (folder / "curves.zip").exists()])


@functools.cache
def results_of(folder: Path) -> Results:
    return read_results(folder)


@published
def test_every_number_follows_from_the_runs(folder: Path) -> None:
    runs = read_table(folder, "runs.csv")
    assert (runs.loc[runs["read_test"], "status"] == "completed").all()
    assert set(runs["status"]) <= {"completed", "diverged"}
    for name, text in tables(results_of(folder)).items():
        if name.endswith(".csv"):
            pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(text)), read_table(folder, name), rtol=1e-9)
        else:
            assert text == read_text(find(folder, name))


@published
def test_published_statistics_are_those_of_the_errors(folder: Path) -> None:
    runs, comparison = read_table(folder, "runs.csv"), read_table(folder, "comparison.csv")
    evaluation = runs[runs["read_test"] & runs["averaged_test_accuracy"].isna()]
    errors = 1 - evaluation.pivot(index="seed", columns="setting", values="test_accuracy")
    for _, rows in comparison[comparison["averaged_test_accuracy_mean"].isna()].groupby(WORKLOAD, dropna=False):
        rows = rows.set_index("setting")
        assert rows["test_error_mean"].to_dict() == pytest.approx(errors[rows.index].mean().to_dict())
        (reference,) = rows.index[rows["difference"].isna()]
        others = rows.drop(index=reference)
        differences = errors[others.index].sub(errors[reference], axis=0)
        assert others["difference"].to_dict() == pytest.approx(differences.mean().to_dict())
        assert others["difference_median"].to_dict() == pytest.approx(differences.median().to_dict())
        assert others["difference_sd"].to_dict() == pytest.approx(differences.std().to_dict())


def test_first_result_has_the_verdicts_that_pages_speak_of() -> None:
    comparison, pairs = read_table(LENET, "comparison.csv"), read_table(LENET, "pairwise.csv")
    assert comparison["verdict"].value_counts().to_dict() == {"better": 2, "inconclusive": 6}
    assert (len(pairs), (pairs["p_adjusted"] < 0.05).sum()) == (36, 7)


@published
def test_runs_follow_the_protocol(folder: Path) -> None:
    runs = read_table(folder, "runs.csv")
    sources = read_sources(folder)
    sweeps = runs["folder"].map(sweep_of)
    assert set(sweeps) == set(sources)
    assert not runs["git_dirty"].any()
    for name, rows in runs.groupby(sweeps):
        assert (rows.groupby("scheduler")["git_sha"].nunique() == 1).all()
        protocol, tuning = sources[name]["protocol"], ~rows["read_test"]
        if not protocol:  # nothing was tuned
            continue
        assert set(rows.loc[tuning, "seed"]) == set(protocol["tuning_seeds"])
        assert set(rows.loc[~tuning, "seed"]) == set(protocol["evaluation_seeds"])
        assert rows.loc[tuning, "test_accuracy"].isna().all()
        assert set(rows["scheduler"]) == set(protocol["schedulers"])
        trials = rows[tuning].groupby([*TABLE, "label"]).size()
        assert (trials.groupby(TABLE).nunique() == 1).all()  # the same number for each schedule


@published
def test_rates_are_those_with_the_smallest_validation_error(folder: Path) -> None:
    runs = read_table(folder, "runs.csv")
    tuning, evaluation = runs[~runs["read_test"]], runs[runs["read_test"]]
    completed, averaged = tuning["status"] == "completed", (f"averaged_{name}" for name in ("val_accuracy", "val_loss"))
    accuracy, loss = (tuning[name].fillna(tuning[name.removeprefix("averaged_")]) for name in averaged)
    judged = tuning.assign(val_error=(1 - accuracy).where(completed, 1), val_loss=loss.where(completed, math.inf))
    tuned = [*TABLE, "label", "warmup"]
    medians = judged.groupby([*tuned, "lr"])[["val_error", "val_loss"]].median().round(12)
    ranked = medians.sort_values(["val_error", "val_loss"]).reset_index()
    best = ranked.groupby(tuned)["lr"].first()
    chosen = evaluation.groupby(tuned)["lr"].unique().map(list)
    assert {name: chosen[name] for name in best.index} == {name: [lr] for name, lr in best.items()}
    untuned = evaluation[~evaluation["folder"].map(sweep_of).isin(set(tuning["folder"].map(sweep_of)))]
    assert set(chosen.index) - set(best.index) == set(untuned.set_index(tuned).index)


@published
def test_folder_stays_small(folder: Path) -> None:
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < MAX_BYTES


@with_page
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


@with_curves
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
    texts = [read_text(path) for path in folder.rglob("*") if path.suffix not in (".png", ".zip") and path.is_file()]
    absolute = re.compile(r"""(?:^|[\s"',;=(])/\w+/\w""", re.MULTILINE)
    assert absolute.search('"folder": "/home/me/sweeps"')
    assert [match.group() for text in texts for match in absolute.finditer(text)] == []


def test_page_of_all_schedules_quotes_its_tables_and_its_cost() -> None:
    page, hours = (ALL_SCHEDULES / "README.md").read_text(), cpu_hours(ALL_SCHEDULES)
    assert [line for line in summary(ALL_SCHEDULES).splitlines() if line not in page] == []
    assert f"| cost | {hours.sum():.1f} CPU hours, {hours['lenet'].sum():.1f} of them for LeNet:" in page


def test_readme_quotes_the_study() -> None:
    readme, comparison = running_text(README), read_table(ALL_SCHEDULES, "comparison.csv")
    assert f"{len(read_table(ALL_SCHEDULES, 'runs.csv')):,} runs" in readme
    rows = comparison.query("model == 'mlp_bn' and optimizer == 'adamw' and epochs == 5")
    errors = rows.set_index("scheduler")["test_error_mean"]
    assert f"the lowest test error is {100 * errors.min():.2f}%, with `{errors.idxmin()}`" in readme
    assert f"the best constant rate has {100 * errors['constant']:.2f}%" in readme
    worse = comparison[comparison["verdict"].isin(("worse", "slightly worse"))]
    assert worse[["scheduler", "model", "epochs"]].to_numpy().tolist() == [["sqrt", "lenet", 3]]
    assert "Only `sqrt` with LeNet and three epochs is shown to be worse than a constant rate." in readme


def test_leaders_are_told_apart_neither_from_each_other_nor_from_eight_others() -> None:
    pairs = read_table(ALL_SCHEDULES, "pairwise.csv")
    pairs = pairs[pairs["first"].isin(LEADERS) | pairs["second"].isin(LEADERS)]
    among_leaders = pairs["first"].isin(LEADERS) & pairs["second"].isin(LEADERS)
    differs = pairs["p_adjusted"] < 0.05
    assert among_leaders.any()
    assert not differs[among_leaders].any()
    others = pairs["first"].where(~pairs["first"].isin(LEADERS), pairs["second"])[~among_leaders]
    is_like_leaders = ~differs[~among_leaders].groupby(others).any()
    assert is_like_leaders.sum() == 8
    assert is_like_leaders[["cosine", "linear"]].all()


def test_catalog_has_the_measured_differences() -> None:
    quoted = {names(row["name"])[0]: row["Δ error"] for row in table(DOCS / "schedules.md", "name")}
    measured = catalog_cells(ALL_SCHEDULES).to_dict()
    assert quoted == dict.fromkeys(quoted, "") | measured  # a schedule that is newer than the study has none


def test_ranks_that_the_catalog_speaks_of_are_those_of_the_study() -> None:
    comparison = read_table(ALL_SCHEDULES, "comparison.csv")
    errors = comparison.pivot(index=TABLE, columns="scheduler", values="common_error_mean")
    ranks = errors.rank(axis=1)
    assert (ranks.query("epochs == 1 and model == 'mlp_bn'")["rex"] == 1).all()
    assert (ranks.query("optimizer == 'adamw' and epochs == 5")["warmup_cosine"] == 1).all()
    assert list(ranks.mean().nsmallest(2).index) == LEADERS
    assert (ranks[LEADERS] <= 5).all(axis=None)
    assert (ranks["trapezoid"] <= 3).all()
    worst = ranks.query("model == 'lenet' and epochs == 1")
    assert worst["one_cycle"].tolist() == [31]
    assert (ranks.drop(worst.index)["one_cycle"] <= 4).all()
    assert (ranks["polynomial"] > ranks["linear"]).all()


def test_advice_of_the_catalog_follows_from_the_study() -> None:
    comparison = read_table(ALL_SCHEDULES, "comparison.csv").set_index("scheduler")
    long = comparison[comparison["epochs"] > 1]
    assert (long[long["epochs"] == 5].groupby(TABLE)["test_error_sd"].idxmax() == "plateau").all()
    assert set(comparison.loc["sqrt", "verdict"]) == {"inconclusive", "worse"}
    assert (long.loc["adaptive", "verdict"] == "identical").all()


@pytest.mark.parametrize("page", [README, DOCS / "comparing.md"], ids=page_id)
def test_quoted_table_equals_the_published_one(page: Path) -> None:
    original = table(LENET / "comparison.md", "scheduler")
    quoted = table(page, "scheduler")
    assert {"scheduler", "peak lr", "test error %", "Δ", "p (adjusted)", "verdict"} <= set(quoted[0])
    assert quoted == [{column: row[column] for column in quoted[0]} for row in original]


def test_readme_shows_a_published_figure() -> None:
    assert "(docs/results/lenet-sgd-5-epochs/figures/test_error.png)" in README.read_text()
    assert LENET in FOLDERS
