"""Names of runs on the terminal."""

from __future__ import annotations

from src.sweeps.labels import run_label, setting_label, varied_keys
from tests.conftest import small_config


def test_keys_that_all_jobs_share_do_not_vary() -> None:
    jobs = [
        ["data=digits", "scheduler=step", "model=mlp", "seed=0"],
        ["data=digits", "scheduler=cosine", "model=softmax", "+optimizer.nesterov=true", "seed=1"],
    ]
    assert varied_keys(jobs) == {"model", "optimizer.nesterov"}
    assert varied_keys([]) == frozenset()


def test_label_names_what_varies() -> None:
    config, overrides = small_config("seed=3"), ["model=softmax", "+warmup=0.1", "epochs=2"]
    assert run_label(config, overrides, ()) == "constant lr=0.02 seed=3"
    assert run_label(config, overrides, {"model", "warmup"}) == "constant lr=0.02 model=softmax warmup=0.1 seed=3"
    assert setting_label(config, overrides, {"model"}) == "constant lr=0.02 model=softmax"
