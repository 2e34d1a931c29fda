"""Single flipped bits in checkpoints and records."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from src import layout
from src.errors import UsageError
from src.runs.build import build_trainer
from src.runs.record import RunRecord, read_record
from src.runs.run import run
from src.signals import Stop
from tests.conftest import small_config
from tests.faults.campaign import NUM_CHECKPOINT_FLIPS, NUM_RECORD_FLIPS, Count
from tests.faults.equality import assert_same_run
from tests.unit.training.conftest import StopAfter

pytestmark = pytest.mark.faults

PARTS = range(4)  # of the flips, for two processes


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    run(small_config(), folder)
    return folder


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was stopped in its second epoch, with its last checkpoint and the one before."""
    folder = tmp_path_factory.mktemp("interrupted")
    trainer = build_trainer(small_config(), folder, stop=Stop())
    trainer.callbacks.add(StopAfter(30))
    assert trainer.fit().status == "interrupted"
    return folder


@pytest.mark.parametrize("part", PARTS)
def test_run_with_a_flipped_bit_in_a_checkpoint_ends_in_the_same_results_or_is_refused(
    part: int, finished: Path, interrupted: Path, tmp_path: Path, rng: random.Random, count: Count
) -> None:
    for number, folder in enumerate(copies(interrupted, tmp_path, NUM_CHECKPOINT_FLIPS // len(PARTS))):
        if number % 2:
            (folder / layout.PREVIOUS_CHECKPOINT).unlink()
        flip_bit(folder / layout.CHECKPOINT, rng)
        if number % 2:
            before = read_files(folder)
            with pytest.raises(UsageError, match=r"checkpoint\.pt is damaged: .*; move it away to start over"):
                run(small_config(), folder)
            assert before.items() <= read_files(folder).items()
            count("flips in the only checkpoint: refused", 1)
        else:
            run(small_config(), folder)
            assert_same_run(folder, finished)
            count("flips in the last checkpoint: went on from the one before", 1)


@pytest.mark.parametrize("part", PARTS)
def test_record_with_a_flipped_bit_is_refused_or_still_a_possible_record_of_the_run(
    part: int, finished: Path, tmp_path: Path, rng: random.Random, count: Count
) -> None:
    intact = read_record(finished / layout.RECORD)
    for folder in copies(finished, tmp_path, NUM_RECORD_FLIPS // len(PARTS)):
        flip_bit(folder / layout.RECORD, rng)
        before = read_files(folder)
        record, refusal = run_or_refusal(folder)
        assert record is not None or (str(folder) in refusal and "\n" not in refusal)
        count(f"flips in a record: {effect(record, intact) if record else 'refused'}", 1)
        assert before.items() <= read_files(folder).items()


def run_or_refusal(folder: Path) -> tuple[RunRecord | None, str]:
    """The record of the run in a folder, or the message with which it is refused."""
    try:
        return run(small_config(), folder), ""
    except UsageError as error:
        return None, str(error)


def effect(record: RunRecord, intact: RunRecord) -> str:
    """What a bit that went unnoticed has changed. It is not the identity of the run, which has a digest."""
    assert (record.config, record.config_hash, record.seed) == (intact.config, intact.config_hash, intact.seed)
    changed = [name for name, value in vars(record).items() if value != vars(intact)[name]]
    if not changed:
        return "white space"
    return "a text or time, unnoticed" if not is_metric(changed[0]) else "a digit of a metric, unnoticed"


def is_metric(name: str) -> bool:
    return name.endswith(("_accuracy", "_loss"))


def copies(folder: Path, parent: Path, number: int) -> Iterator[Path]:
    """Copies of a folder, one after another, each removed after its use."""
    for index in range(number):
        copy = parent / str(index)
        shutil.copytree(folder, copy)
        yield copy
        shutil.rmtree(copy)


def flip_bit(path: Path, rng: random.Random) -> None:
    data = bytearray(path.read_bytes())
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def read_files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
