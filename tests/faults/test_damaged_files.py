"""Files that were damaged or edited: a report leaves them out by name, and a sweep goes on once they are moved away."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pandas as pd
import pytest

from src import layout
from src.analysis.report import build
from src.commands import report
from src.commands import sweep as sweep_script
from tests.conftest import SMALL
from tests.faults.campaign import NUM_DAMAGED_RECORDS, NUM_OTHER_DAMAGED_FILES, Count
from tests.faults.equality import assert_same_results, read_tables
from tests.integration.in_process import run_in_process

pytestmark = pytest.mark.faults

SWEEP = [*SMALL, "schedulers=[step,one_cycle]", "seeds=[0,1]", "name=mine", "hydra/launcher=basic"]
FOLDER = Path("outputs", "sweeps", "mine")
Damage = Callable[[Path], object]

# Fields of `result.json` with values that no run has.
FIELDS: dict[str, tuple[Any, ...]] = {
    "test_accuracy": ("0.9", 1.5, [0.9]),
    "val_loss": ("low", True),
    "seed": ([0], "0", None),
    "config": (None, ["seed"], {}),
    "config_hash": ("0123456789abcdef", 7),
    "status": ("done", None),
    "scheduler": (None, {"name": "step"}),
    "time_to": (None, {"0.95": {"epoch": 1}}),
    "provenance": ("here", {"cpu": 3}, {"cpu": {}}, {"packages": ["torch"]}),
    "steps": (-1, "40"),
    "finished_at": (0,),
    "schema_version": (99, "4", None),
}


def with_field(name: str, value: object) -> Damage:
    def damage(path: Path) -> None:
        path.write_text(json.dumps({**json.loads(path.read_text()), name: value}))

    return damage


def with_content(content: bytes) -> Damage:
    return lambda path: path.write_bytes(content)


def cut(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def replaced_by(make: Callable[[Path], object]) -> Damage:
    def damage(path: Path) -> None:
        path.unlink()
        make(path)

    return damage


RECORDS: dict[str, Damage] = {
    **{f"{name}={value!r}": with_field(name, value) for name, values in FIELDS.items() for value in values},
    "empty": with_content(b""),
    "binary": with_content(bytes(range(256))),
    "cut": cut,
    "list": with_content(b"[]"),
    "deep": with_content(b"[" * 100_000),
    "not UTF-8": with_content('{"status": "vollständig"}'.encode("latin-1")),
    "folder": replaced_by(Path.mkdir),
    "pipe": replaced_by(os.mkfifo),
    "link to a device": replaced_by(lambda path: path.symlink_to("/dev/zero")),
    "two": lambda path: path.write_text(2 * path.read_text()),
    "infinity": lambda path: path.write_text(path.read_text().replace('"seconds": null', '"seconds": Infinity')),
}
OTHERS: dict[str, tuple[str, Damage]] = {
    "sweep.json binary": (layout.SWEEP, with_content(b"\xff\x00")),
    "sweep.json jobs=3": (layout.SWEEP, with_field("jobs", 3)),
    "sweep.json list": (layout.SWEEP, with_content(b"[]")),
    "history.csv binary": (layout.HISTORY, with_content(b"\xff\x00" * 100)),
    "history.csv empty": (layout.HISTORY, with_content(b"")),
    "history.csv text": (layout.HISTORY, with_content(b"epoch,val_loss\none,low\n")),
    "history.csv cut": (layout.HISTORY, cut),
    "history.csv pipe": (layout.HISTORY, replaced_by(os.mkfifo)),
    "steps.csv binary": (layout.STEPS, with_content(b"\xff\x00" * 100)),
    "steps.csv cut": (layout.STEPS, cut),
    "steps.csv folder": (layout.STEPS, replaced_by(Path.mkdir)),
}


assert (len(RECORDS), len(OTHERS)) == (NUM_DAMAGED_RECORDS, NUM_OTHER_DAMAGED_FILES)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    done = run_in_process(sweep_script.main, SWEEP, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.mark.parametrize("name", RECORDS)
def test_damaged_record_is_left_out_by_name_and_run_again_once_it_is_moved_away(
    name: str, copy: Path, finished: Path, monkeypatch: pytest.MonkeyPatch, count: Count
) -> None:
    monkeypatch.setattr(build, "draw_figures", lambda *_: [])  # no figure depends on the damage
    damaged = min((copy / FOLDER).rglob(layout.RECORD))
    RECORDS[name](damaged)
    with ending_after(30):
        reported = run_in_process(report.main, [str(FOLDER)], copy)
        assert reported.returncode == 0, reported.stdout + reported.stderr
        assert str(damaged.relative_to(copy)) in reported.stdout
        assert "Traceback" not in reported.stdout + reported.stderr
        assert_table_lacks_one_run(copy, finished)
        refused = run_in_process(sweep_script.main, SWEEP, copy)
        assert refused.returncode == 2, refused.stdout + refused.stderr
        (line,) = refused.stderr.splitlines()
        assert str(damaged.relative_to(copy)) in line
        damaged.rename(damaged.with_name("moved away"))
        again = run_in_process(sweep_script.main, SWEEP, copy)
    assert again.returncode == 0, again.stdout + again.stderr
    assert_same_results(copy, finished)
    count("damaged records: left out by name, refused, run again", 1)


@pytest.mark.parametrize("name", OTHERS)
def test_damaged_file_of_a_sweep_does_not_end_its_report(name: str, copy: Path, finished: Path, count: Count) -> None:
    file_name, damage = OTHERS[name]
    damage(min((copy / FOLDER).rglob(file_name)))
    with ending_after(30):
        reported = run_in_process(report.main, [str(FOLDER)], copy)
    assert reported.returncode == 0, reported.stdout + reported.stderr
    assert file_name in reported.stdout
    assert "Traceback" not in reported.stdout + reported.stderr
    assert_same_tables(copy, finished)
    count("other damaged files: named, and the report went on", 1)


def assert_table_lacks_one_run(folder: Path, finished: Path) -> None:
    runs, expected = read_tables(folder)["runs.csv"], read_tables(finished)["runs.csv"]
    assert len(runs) == len(expected) - 1
    assert set(map(tuple, runs.to_numpy())) <= set(map(tuple, expected.to_numpy()))


def assert_same_tables(folder: Path, finished: Path) -> None:
    expected = read_tables(finished)
    for name, table in read_tables(folder).items():
        pd.testing.assert_frame_equal(table, expected[name], obj=name)


@contextlib.contextmanager
def ending_after(seconds: int) -> Iterator[None]:
    """Raises in a block that hangs."""

    def end(signum: int, frame: FrameType | None) -> None:
        raise AssertionError(f"still running after {seconds} s")  # no OSError, which the program might catch

    previous = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
