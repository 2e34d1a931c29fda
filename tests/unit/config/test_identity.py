"""The identity of a run: what it computes, and nothing about where."""

from __future__ import annotations

import pytest

from src.config.identity import MACHINE_KEYS, config_hash, identity
from tests.conftest import make_config, small_config


def test_modules_of_our_code_are_not_part_of_the_identity() -> None:
    config = make_config("scheduler=wsd", "optimizer=muon", "averaging=ema")
    targets = {key: value for key, value in identity(config).items() if key.endswith("_target_")}
    assert targets == {
        "model._target_": "lenet",
        "optimizer._target_": "MuonWithAdamW",
        "averaging._target_": "MovingAverage",
        "scheduler._target_": "wsd",
    }


def test_modules_of_other_libraries_are_part_of_the_identity() -> None:
    config = make_config("scheduler=step", "optimizer=sgd")
    assert identity(config)["optimizer._target_"] == "torch.optim.SGD"
    assert identity(config)["scheduler._target_"] == "torch.optim.lr_scheduler.StepLR"


@pytest.mark.parametrize("key", sorted(MACHINE_KEYS))
def test_machine_keys_are_not_part_of_the_identity(key: str) -> None:
    assert key not in identity(small_config())


def test_key_that_was_added_later_counts_only_where_it_changes_a_run() -> None:
    assert "stop_hopeless" not in identity(small_config())
    assert config_hash(small_config("stop_hopeless=false")) == config_hash(small_config())
    assert identity(small_config("stop_hopeless=true")) == {**identity(small_config()), "stop_hopeless": True}
    assert config_hash(make_config("scheduler=cosine", "model=lenet")) == "c147f2180bf86b19"  # on users' disks


def test_requested_lr_is_not_part_of_the_identity() -> None:
    assert config_hash(small_config("lr_requested=auto")) == config_hash(small_config())
