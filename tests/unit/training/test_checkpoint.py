"""Checkpoints: written whole, restored exactly, refused for any other run."""

from __future__ import annotations

import hashlib
import io
import math
import random
from pathlib import Path

import pytest
import torch

from src import layout
from src.errors import UsageError
from src.runs.build import build_trainer
from src.signals import Stop
from src.training import checkpoint
from tests.conftest import small_config
from tests.unit.training.conftest import CallAfter, StopAfter


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    build_trainer(small_config(), tmp_path).fit()
    return tmp_path


def test_no_temporary_file_is_left(folder: Path) -> None:
    assert not [path for path in folder.iterdir() if path.suffix == ".tmp"]


def test_resume_restores_progress_and_weights(folder: Path, tmp_path: Path) -> None:
    trainer = build_trainer(small_config(), tmp_path / "again")
    assert checkpoint.resume(trainer, folder)
    assert trainer.progress.epoch == 2
    saved = torch.load(folder / layout.CHECKPOINT, weights_only=True)["trainer"]
    for name, weight in trainer.model.state_dict().items():
        assert torch.equal(weight, saved["model"][name])
    assert not checkpoint.resume(trainer, tmp_path / "empty")


@pytest.fixture
def interrupted(tmp_path: Path) -> Path:
    """A run that was stopped in its second epoch."""
    folder = tmp_path / "interrupted"
    trainer = build_trainer(small_config(), folder, stop=Stop())
    trainer.callbacks.add(StopAfter(30))
    assert trainer.fit().status == "interrupted"
    return folder


def flip_bit(path: Path, position: int) -> None:
    data = bytearray(path.read_bytes())
    data[position // 8] ^= 1 << position % 8
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [b"", b"not a checkpoint", None])
def test_damaged_checkpoint_is_refused(folder: Path, tmp_path: Path, damage: bytes | None) -> None:
    path = folder / layout.CHECKPOINT
    path.write_bytes(path.read_bytes()[:1000] if damage is None else damage)
    with pytest.raises(UsageError, match=r"checkpoint\.pt is damaged: .*; move it away to start over"):
        checkpoint.resume(build_trainer(small_config(), tmp_path / "again"), folder)


def test_every_flipped_bit_is_noticed(folder: Path, tmp_path: Path) -> None:
    path = folder / layout.CHECKPOINT
    trainer = build_trainer(small_config(), tmp_path / "again")
    weights = {name: weight.clone() for name, weight in trainer.model.state_dict().items()}
    intact = path.read_bytes()
    for position in random.Random(0).sample(range(8 * len(intact)), 50):
        flip_bit(path, position)
        with pytest.raises(UsageError, match="checkpoint"):
            checkpoint.resume(trainer, folder)
        path.write_bytes(intact)
    assert all(torch.equal(weight, weights[name]) for name, weight in trainer.model.state_dict().items())


def test_run_goes_on_from_the_checkpoint_before_a_damaged_one(
    interrupted: Path, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    flip_bit(interrupted / layout.CHECKPOINT, 40_000)
    trainer = build_trainer(small_config(), interrupted)
    assert checkpoint.resume(trainer, interrupted)
    assert (trainer.progress.epoch, trainer.progress.step) == (1, 20)
    assert "checkpoint.pt is damaged: its content does not match its digest; going on from" in caplog.text
    assert (interrupted / layout.DAMAGED_CHECKPOINT).exists()
    trainer.fit()
    uninterrupted = torch.load(folder / layout.CHECKPOINT, weights_only=True)["trainer"]["model"]
    for name, weight in trainer.model.state_dict().items():
        assert torch.equal(weight, uninterrupted[name])
    assert (interrupted / layout.STEPS).read_bytes() == (folder / layout.STEPS).read_bytes()


def test_run_killed_between_two_renames_goes_on_from_the_checkpoint_before(interrupted: Path) -> None:
    (interrupted / layout.CHECKPOINT).unlink()
    trainer = build_trainer(small_config(), interrupted)
    assert checkpoint.resume(trainer, interrupted)
    assert trainer.progress.step == 20


def test_two_damaged_checkpoints_are_refused(interrupted: Path) -> None:
    for name in (layout.CHECKPOINT, layout.PREVIOUS_CHECKPOINT):
        flip_bit(interrupted / name, 40_000)
    with pytest.raises(UsageError, match="is damaged"):
        checkpoint.resume(build_trainer(small_config(), interrupted), interrupted)
    assert (interrupted / layout.CHECKPOINT).exists()


def test_completed_run_keeps_one_checkpoint(folder: Path) -> None:
    assert [path.name for path in folder.glob("*.pt")] == [layout.CHECKPOINT]


def test_run_that_diverged_keeps_one_checkpoint(tmp_path: Path) -> None:
    trainer = build_trainer(small_config("epochs=3"), tmp_path)
    trainer.callbacks.add(CallAfter(50, lambda run: [weight.data.fill_(math.nan) for weight in run.model.parameters()]))
    assert trainer.fit().status == "diverged"
    assert [path.name for path in tmp_path.glob("*.pt")] == [layout.CHECKPOINT]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 99}, "has version 99"),
        ({"config_hash": "0123"}, "belongs to another run"),
        ({"computed_with": "bf16 on cuda"}, "was computed with bf16 on cuda, this run uses fp32 on cpu"),
    ],
)
def test_incompatible_checkpoint_is_refused(
    folder: Path, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    state = torch.load(folder / layout.CHECKPOINT, weights_only=True)
    if "computed_with" in change:
        state["trainer"] |= change
    content = io.BytesIO()
    torch.save({**state, **change}, content)
    digest = hashlib.sha256(content.getvalue()).hexdigest()
    (folder / layout.CHECKPOINT).write_bytes(content.getvalue() + f"sha256:{digest}\n".encode())
    with pytest.raises(UsageError) as error:
        checkpoint.resume(build_trainer(small_config(), tmp_path / "again"), folder)
    assert message in str(error.value)


def test_checkpoint_of_an_earlier_version_without_digest_is_refused_as_such(folder: Path, tmp_path: Path) -> None:
    torch.save({"version": 3, "config_hash": "0123", "trainer": {}}, folder / layout.CHECKPOINT)
    with pytest.raises(UsageError, match="has version 3, this program reads 4"):
        checkpoint.resume(build_trainer(small_config(), tmp_path / "again"), folder)
