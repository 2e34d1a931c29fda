"""A small study, and a Hydra that is not set up by an earlier one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra

from src.sweeps.protocol import Study, load_protocol


@pytest.fixture(autouse=True)
def _clean_hydra() -> Iterator[None]:
    yield
    GlobalHydra.instance().clear()


def make_study(folder: Path, **changes: object) -> Study:
    """Of digits: two schedules, three learning rates, one tuning seed, two evaluation seeds."""
    GlobalHydra.instance().clear()  # of an earlier one
    few = {"schedulers": ["constant", "step"], "tuning_seeds": [7], "evaluation_seeds": [0, 1], "num_lrs": 3}
    overrides = ["data=digits", "model=softmax", "epochs=2", "optimizer.lr=0.1", f"hydra.sweep.dir={folder}"]
    return Study(load_protocol("quick", {**few, **changes}), overrides)
