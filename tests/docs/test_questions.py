"""Questions that take several sweeps: tables follow from the published runs, and the page quotes them unchanged."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pandas as pd
import pytest
from scipy import stats

from src.analysis.report.tabulate import tabulate
from src.analysis.stats import ALPHA, seeds_for_equivalence
from src.config.compose import composed, composing, load_config
from src.schedules.trace import trace
from tests import republish
from tests.docs.pages import DOCS, running_text, tables
from tests.publish import publish
from tests.published_files import SOURCES, read_table
from tests.published_warmup import summary, warmup_effects
from tests.unit.analysis.conftest import config_of, record_of, write_run

QUESTIONS = DOCS / "results" / "questions"
FOLDERS = sorted(path.parent for path in QUESTIONS.glob("*/runs.csv*"))
README = QUESTIONS / "README.md"

published = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


def make_sweep(folder: Path, *overrides: str, best: float, error: float) -> Path:
    """A tuned sweep of a constant rate: two rates under two tuning seeds, the better one under six seeds."""
    for lr in (0.1, 0.2):
        for seed in (1000, 1001):
            run = (f"optimizer.lr={lr}", f"seed={seed}", "read_test=false", *overrides)
            write_run(record_of(config_of(*run), accuracy=0.9 if lr == best else 0.5), folder / "runs" / "_".join(run))
    for seed in range(6):
        run = (f"optimizer.lr={best}", f"seed={seed}", *overrides)
        write_run(record_of(config_of(*run), accuracy=1 - error - seed / 1000), folder / "runs" / "_".join(run))
    protocol = {"reference": "constant", "schedulers": ["constant"], "tuning_seeds": [1000, 1001]}
    sweep = {
        "command": ["python", "scripts/sweep.py", "protocol=quick", *overrides],
        "protocol": protocol | {"evaluation_seeds": list(range(6)), "tune_per_seed": False},
        "provenance": {"git_sha": "0123456", "git_dirty": False},
    }
    (folder / "sweep.json").write_text(json.dumps(sweep))
    return folder


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published question; its sweeps are in the folder beside it."""
    folder = tmp_path_factory.mktemp("question")
    sweeps = [
        make_sweep(folder / "sweeps" / "cold", "warmup=0", best=0.1, error=0.1),
        make_sweep(folder / "sweeps" / "warm", "warmup=0.5", best=0.2, error=0.05),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(republish, "draw_figures", lambda *_: [])  # takes seconds
        publish(folder / "answer", sweeps, ["test_error"], "constant warmup=0")
    return folder / "answer"


def test_published_tables_are_those_of_the_report(example: Path, tmp_path: Path) -> None:
    tabulate([example.parent / "sweeps" / name for name in ("cold", "warm")], tmp_path, "constant warmup=0")
    for name in ("comparison.csv", "comparison.md", "pairwise.csv", "lr_sensitivity.csv"):
        assert (example / name).read_text() == (tmp_path / name).read_text()
    table = pd.read_csv(example / "comparison.csv").set_index("warmup")
    assert table["lr"].to_dict() == {0.5: 0.2, 0: 0.1}
    assert table.loc[0.5, "verdict"] == "better"


def test_sources_say_how_the_sweeps_were_made(example: Path) -> None:
    sources = json.loads((example / SOURCES).read_text())
    assert sources["reference"] == "constant warmup=0"
    assert sources["sweeps"]["warm"]["command"][2:] == ["protocol=quick", "warmup=0.5"]
    assert set(pd.read_csv(example / "runs.csv")["folder"].str.partition("/")[0]) == {"cold", "warm"}


def chapter_cosine(epoch: int, warmup: int) -> float:
    """The rate of d2l.ai, section 12.11: from 0.3 to 0.01 until epoch 20."""
    return 0.01 + 0.29 * (1 + math.cos(math.pi * min(1, (epoch - warmup) / (20 - warmup)))) / 2


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sqrt", [0.3 / math.sqrt(epoch + 1) for epoch in range(30)]),
        ("multi_step", [0.3] * 15 + [0.15] * 15),
        ("cosine", [chapter_cosine(epoch, 0) for epoch in range(30)]),
        ("warmup_cosine", [0.06, 0.12, 0.18, 0.24, 0.3] + [chapter_cosine(epoch, 5) for epoch in range(5, 30)]),
    ],
)
def test_schedules_of_the_chapter_have_its_rates(name: str, expected: list[float]) -> None:
    run = ("data=digits", "batch_size=1257", "epochs=30", "optimizer.lr=0.3", f"scheduler=d2l_{name}")
    with composing():
        config = load_config(composed([f"hydra.searchpath=[file://{QUESTIONS / 'conf'}]", *run]))
    assert trace(config) == pytest.approx(expected, abs=0.0005)


@published
def test_page_quotes_the_tables_and_shows_a_figure(folder: Path) -> None:
    quoted = [rows for rows in tables(README) if "scheduler" in rows[0]]
    for original in tables(folder / "comparison.md"):
        assert original in [_completed(rows, original) for rows in quoted]
    assert f"]({folder.name}/figures/test_error" in README.read_text()


def test_page_quotes_the_effects_of_warmup() -> None:
    assert summary(warmup_effects()) in README.read_text()


@pytest.mark.parametrize(
    ("folder", "label", "optimizers", "sentence"),
    [
        ("schedule-free-sgd", "linear (optimizer=sgd)", ["sgd"], "about {} seeds would show equivalence"),
        ("averaging", "constant (averaging=ema)", ["adamw", "sgd"], "about {} and {} seeds would show equivalence"),
    ],
)
def test_page_says_how_many_seeds_would_show_equivalence(
    folder: str, label: str, optimizers: list[str], sentence: str
) -> None:
    comparison = read_table(QUESTIONS / folder, "comparison.csv")
    family = int(comparison["difference"].notna().sum())
    rows = comparison[comparison["label"] == label]
    deviations = [rows.loc[rows["optimizer"].str.contains(name), "difference_sd"].item() for name in optimizers]
    needed = [
        seeds_for_equivalence(deviation, republish.equivalence_margin("mnist"), family) for deviation in deviations
    ]
    assert sentence.format(*needed) in running_text(README)


def test_page_says_how_many_seeds_would_show_an_effect_of_warmup() -> None:
    effects = warmup_effects()
    deviation = effects.loc[effects["scheduler"] != "constant", "sd"].median()
    quantiles = stats.norm.ppf(1 - ALPHA / (2 * len(effects))) + stats.norm.ppf(0.8)
    needed = {effect: math.ceil((quantiles * deviation / effect) ** 2) for effect in (0.1, 0.05)}
    sentence = f"vary by about {deviation:.2f} points, so {needed[0.1]} seeds would show an effect of 0.1 points"
    assert f"{sentence}, and {needed[0.05]} one of 0.05" in running_text(README)


def test_page_says_how_often_single_runs_rank_the_other_way() -> None:
    comparison = read_table(QUESTIONS / "d2l", "comparison.csv").set_index(["epochs", "scheduler"])
    cosine, page = comparison.loc[30, "d2l_cosine"], running_text(README)
    assert f"better, by {-100 * cosine['difference']:.2f} points.** Of single pairs of runs" in page
    assert f"{100 * (1 - cosine['p_better']):.0f}% rank the two the other way" in page
    assert (comparison["lr"] == 0.3).all()


def _completed(rows: list[dict[str, str]], original: list[dict[str, str]]) -> list[dict[str, str]]:
    """The quoted rows with the columns that the page leaves out."""
    return [complete | row for complete, row in zip(original, rows, strict=False)] if len(rows) == len(original) else []
