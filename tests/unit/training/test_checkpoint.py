"""Checkpoints: written whole, restored exactly, refused for any other run."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from src import layout
from src.errors import UsageError
from src.runs.build import build_trainer
from src.training import checkpoint
from tests.conftest import small_config


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


@pytest.mark.parametrize("damage", [b"", b"not a checkpoint", None])
def test_damaged_checkpoint_is_named(folder: Path, tmp_path: Path, damage: bytes | None) -> None:
    path = folder / layout.CHECKPOINT
    path.write_bytes(path.read_bytes()[:1000] if damage is None else damage)
    with pytest.raises(UsageError, match=r"checkpoint\.pt is damaged"):
        checkpoint.resume(build_trainer(small_config(), tmp_path / "again"), folder)


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
    torch.save({**state, **change}, folder / layout.CHECKPOINT)
    with pytest.raises(UsageError) as error:
        checkpoint.resume(build_trainer(small_config(), tmp_path / "again"), folder)
    assert message in str(error.value)
