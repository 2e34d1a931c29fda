"""Files of a run are read only after they have changed, whatever is in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from src.files import write_text
from src.layout import CONFIG_HASH, HISTORY
from src.runs.record import write_record
from src.sweeps import run_watch
from src.sweeps.plan import Job
from src.sweeps.run_watch import Epoch, RunWatch, last_epoch
from tests.conftest import small_config
from tests.unit.analysis.conftest import record_of

HEADER = "epoch,step,lr,train_loss,train_accuracy,val_loss,val_accuracy,train_seconds\n"


def test_record_is_parsed_only_after_it_has_changed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    job, reads = Job((), small_config(), tmp_path), []
    read = Job.record
    monkeypatch.setattr(Job, "record", lambda self: reads.append(self) or read(self))
    watch = RunWatch(job, ())
    watch.update()
    assert reads == []
    interrupted = record_of(job.config, status="interrupted")
    write_record(interrupted, job.folder)
    for _ in range(3):
        watch.update()
    assert (len(reads), watch.end_status) == (1, "")
    write_record(replace(interrupted, status="failed"), job.folder)
    for _ in range(3):
        watch.update()
    assert (len(reads), watch.end_status) == (2, "failed")


def test_history_is_parsed_only_after_it_has_changed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    paths: list[Path] = []
    monkeypatch.setattr(run_watch, "last_epoch", lambda path: paths.append(path))
    watch = RunWatch(Job((), small_config(), tmp_path), ())
    write_text(tmp_path / HISTORY, HEADER)
    watch.update()
    assert paths == []  # the run has not started
    write_text(tmp_path / CONFIG_HASH, "0")
    for _ in range(3):
        watch.update()
    assert paths == [tmp_path / HISTORY]


def test_last_epoch_is_the_last_row(tmp_path: Path) -> None:
    path = tmp_path / HISTORY
    path.write_text(f"{HEADER}1,5,0.1,2,0.3,2,0.4,1.5\n2,10,0.05,1,0.6,1,0.7,3.0\n")
    assert last_epoch(path) == Epoch(2, 0.05, 0.7, 3.0)


@pytest.mark.parametrize(
    "text", ["", HEADER, "epoch,lr\n1,2\n", f"{HEADER}1,5\n", f"{HEADER}one,5,0,0,0,0,0,0\n", "\0"]
)
def test_history_that_cannot_be_read_has_no_last_epoch(text: str, tmp_path: Path) -> None:
    path = tmp_path / HISTORY
    assert last_epoch(path) is None
    path.write_text(text)
    assert last_epoch(path) is None
