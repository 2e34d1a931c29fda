"""Automatic names of sweeps."""

from __future__ import annotations

import pytest

from src.config.identity import MACHINE_KEYS
from src.config.naming import automatic_name, identifies_sweep
from src.config.resolvers import sweep_name


@pytest.mark.parametrize(
    "key", [*sorted(MACHINE_KEYS), "hydra/launcher", "hydra.launcher.n_jobs", "hydra.launcher.timeout_min"]
)
def test_where_and_how_runs_execute_does_not_identify_a_sweep(key: str) -> None:
    assert not identifies_sweep(key)


@pytest.mark.parametrize("key", ["scheduler", "seed", "optimizer.lr", "data", "hydra.searchpath", "hydra.sweep.dir"])
def test_what_runs_compute_and_where_they_are_stored_identifies_a_sweep(key: str) -> None:
    assert identifies_sweep(key)


# These names are on users' disks: they must not change.
@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        (["data=digits", "scheduler=constant,step", "seed=0,1"], "multirun-ff6759b1"),
        (["seed=0,1", "scheduler=constant,step", "data=digits"], "multirun-ff6759b1"),
        (["data=digits", "scheduler=constant,step", "seed=0,1", "data.root=/d"], "multirun-ff6759b1"),
        (["data=digits", "+callbacks.mine._target_=mine.Failing"], "multirun-bcaa7fc7"),
        (["data=digits", "~optimizer.momentum"], "multirun-a102911f"),
        (["data=digits"], "multirun-a866ee75"),
        (["data=digits", "trainer.num_threads=1"], "multirun-a866ee75"),
    ],
)
def test_multirun_has_a_name_that_follows_from_its_overrides(overrides: list[str], name: str) -> None:
    assert sweep_name(None, overrides) == name


def test_chosen_name_replaces_the_automatic_one() -> None:
    assert sweep_name("mine", ["data=digits"]) == "mine"


def test_settings_identify_a_sweep_in_their_order() -> None:
    assert automatic_name("a", ["seed=0"], ["x", "y"]) == automatic_name("a", ["seed=0", "name=b"], ["x", "y"])
    assert automatic_name("a", ["seed=0"], ["x", "y"]) != automatic_name("a", ["seed=0"], ["y", "x"])
