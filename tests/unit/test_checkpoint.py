"""Checkpoints are whole, and belong to one run."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from src import checkpoint
from src.config import config_hash
from src.errors import UsageError
from src.experiment import build_trainer
from tests.conftest import small_config


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    build_trainer(small_config(), tmp_path).fit()
    return tmp_path


def test_a_checkpoint_names_its_run(folder: Path, tmp_path: Path) -> None:
    assert checkpoint.checkpoint_hash(folder) == config_hash(small_config())
    assert checkpoint.checkpoint_hash(folder / "elsewhere") is None
    assert not [path for path in folder.iterdir() if path.suffix == ".tmp"]


def test_resume_brings_everything_back(folder: Path, tmp_path: Path) -> None:
    trainer = build_trainer(small_config(), tmp_path / "again")
    assert checkpoint.resume(trainer, folder)
    assert trainer.progress.epoch == 2
    saved = torch.load(folder / checkpoint.FILE, weights_only=True)["trainer"]
    for name, weight in trainer.model.state_dict().items():
        assert torch.equal(weight, saved["model"][name])
    assert not checkpoint.resume(trainer, tmp_path / "nothing here")


@pytest.mark.parametrize("damage", [b"", b"not a checkpoint", None])
def test_a_damaged_checkpoint_is_named(folder: Path, damage: bytes | None) -> None:
    path = folder / checkpoint.FILE
    path.write_bytes(path.read_bytes()[:1000] if damage is None else damage)
    with pytest.raises(UsageError, match=r"checkpoint\.pt is damaged"):
        checkpoint.checkpoint_hash(folder)


def test_a_checkpoint_of_another_version_is_named(folder: Path) -> None:
    state = torch.load(folder / checkpoint.FILE, weights_only=True)
    torch.save({**state, "version": 99}, folder / checkpoint.FILE)
    with pytest.raises(UsageError, match="has version 99"):
        checkpoint.checkpoint_hash(folder)
