"""Every entry point refuses every wrong input: exit status 2, one line with value and remedy, nothing written."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from src import train
from src.commands import lr_find, preview, report, speed, sweep
from tests.conftest import ROOT, Command
from tests.integration.in_process import run_in_process
from tests.integration.wrong_inputs import TABLE
from tests.unit.analysis.conftest import config_of, record_of, write_run

MAINS: dict[str, Callable[[], None]] = {
    "train": train.main,
    "preview": preview.main,
    "lr_find": lr_find.main,
    "speed": speed.main,
    "sweep": sweep.main,
    "report": report.main,
}
EVERY = 8  # row that the default suite has; the campaign of `make test-faults` has all
ROWS = [
    pytest.param(
        command,
        [*shlex.split(shared), *shlex.split(arguments)],
        words,
        id=f"{command} {arguments}"[:60],
        marks=[pytest.mark.faults] if number % EVERY else [],
    )
    for command, shared, rows in TABLE
    for number, (arguments, words) in enumerate(rows)
]


def assert_refused(status: int, out: str, err: str, words: tuple[str, ...]) -> None:
    assert (status, err.count("\n")) == (2, 1), out + err
    assert err.startswith("error: ")
    assert "Traceback" not in out
    assert [word for word in words if word not in err] == [], err


def test_table_has_at_least_150_distinct_inputs() -> None:
    inputs = {(command, arguments) for command, _, rows in TABLE for arguments, _ in rows}
    assert len(inputs) == len(ROWS)
    assert len(inputs) >= 150


@pytest.mark.parametrize(("command", "arguments", "words"), ROWS)
def test_wrong_input_is_refused(command: str, arguments: list[str], words: tuple[str, ...], tmp_path: Path) -> None:
    done = run_in_process(MAINS[command], arguments, tmp_path)
    assert_refused(done.returncode, done.stdout, done.stderr, words)
    assert list(tmp_path.iterdir()) == []


# The same in processes of their own, one for each kind of refusal.
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-m", "src.train", "data=digits", "epochs=many"], ("epochs=many", "must be an integer")),
        (["-m", "src.train", "data=digits", "model=mlp", "model.hidden=[0]"], ("[0]", "sizes must be positive")),
        ([str(ROOT / "scripts" / "report.py"), "--nothing", "."], ("--nothing", "--help lists the options")),
    ],
)
def test_wrong_input_is_refused_by_a_process(
    arguments: list[str], words: tuple[str, ...], command: Command, tmp_path: Path
) -> None:
    done = command(*arguments)
    assert_refused(done.returncode, done.stdout, done.stderr, words)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def sweep_folder(tmp_path: Path) -> Path:
    """A sweep of one run, beside the working folder."""
    config = config_of("scheduler=constant")
    write_run(record_of(config), tmp_path / "sweep" / "run")
    (tmp_path / "sweep" / "file").touch()
    return tmp_path / "sweep"


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("reference=cosin", ("reference=cosin", "choose one of constant")),
        ("reference=", ("reference=", "choose one of constant")),
        ("out=../sweep/file", ("out=../sweep/file", "cannot be written")),
        ("out=../sweep/file/x", ("out=../sweep/file/x", "cannot be written")),
    ],
)
def test_report_of_a_sweep_is_refused(option: str, words: tuple[str, ...], sweep_folder: Path, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in sweep_folder.rglob("*")}
    (tmp_path / "work").mkdir()
    done = run_in_process(report.main, ["../sweep", option], tmp_path / "work")
    assert_refused(done.returncode, done.stdout, done.stderr, words)
    assert list((tmp_path / "work").iterdir()) == []
    assert {path: path.stat().st_mtime_ns for path in sweep_folder.rglob("*")} == before
