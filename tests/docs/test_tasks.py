"""The everyday tasks of docs/sweeps.md, executed with their own commands on a small model."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from src.analysis.report import build
from src.commands import report as report_script
from src.commands import sweep as sweep_script
from tests.docs.pages import DOCS, commands
from tests.integration.in_process import run_in_process

SHORT = ("data=digits", "model=softmax", "epochs=1", "hydra/launcher=basic")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working directory of the commands."""
    return tmp_path_factory.mktemp("tasks")


@pytest.fixture(scope="module")
def output(lab: Path) -> list[str]:
    """What the commands of the page printed, in their order."""
    sweeps, reports = [], []
    for words in commands(DOCS / "sweeps.md"):
        if words[1] == "scripts/sweep.py" and words[-1] in ("name=rates", "name=grown"):
            sweeps.append([*SHORT, *words[2:]])
        if "out=outputs/both" in words:
            reports.append(words[2:])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "draw_figures", lambda *_: [])  # takes time, and no test here looks at a figure
        done = [run_in_process(sweep_script.main, arguments, lab) for arguments in sweeps]
        done += [run_in_process(report_script.main, arguments, lab) for arguments in reports]
    assert [process.returncode for process in done] == [0] * 4, done
    return [process.stdout for process in done]


@pytest.fixture(scope="module")
def finished(lab: Path, output: list[str]) -> Path:
    return lab / "outputs"


def rows(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "comparison.csv").set_index("scheduler").sort_index()


def test_schedules_have_the_rates_that_were_given(finished: Path) -> None:
    table = rows(finished / "sweeps" / "rates")
    assert table["lr"].to_dict() == {"constant": 0.05, "cosine": 0.03, "step": 0.1}
    assert table["n"].to_dict() == {"constant": 3, "cosine": 3, "step": 3}
    assert "rates were given, not tuned" in (finished / "sweeps" / "rates" / "report.html").read_text()


def test_added_seeds_and_schedules_end_in_one_table_without_a_second_run(finished: Path, output: list[str]) -> None:
    sweep = finished / "sweeps" / "grown"
    assert "4 of 4 runs to do" in output[1]
    assert "5 of 9 runs to do" in output[2]
    assert rows(sweep)["n"].to_dict() == {"cosine": 3, "linear": 3, "step": 3}
    assert "Seeds were added" in (sweep / "report.html").read_text()


def test_one_report_compares_two_sweeps(finished: Path) -> None:
    runs = pd.read_csv(finished / "both" / "runs.csv")
    assert runs.groupby(["scheduler", "lr"]).size().to_dict() == {
        ("constant", 0.05): 3,
        ("cosine", 0.03): 3,
        ("cosine", 0.05): 3,
        ("linear", 0.05): 3,
        ("step", 0.05): 3,
        ("step", 0.1): 3,
    }
