"""Configs that jobs share equal those that Hydra composes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from omegaconf import DictConfig, OmegaConf

from src.config.compose import load_config
from src.sweeps.hydra_adapter import Multirun, compose_multirun
from src.sweeps.job_configs import JobConfigs
from tests.conftest import SMALL


def everything(config: DictConfig) -> tuple[object, ...]:
    """What a plan reads from a config, and all the rest before it is resolved."""
    return OmegaConf.to_container(config), config.hydra.sweep.subdir, load_config(config)


class Counting(Multirun):
    """A multirun that lists the jobs that Hydra composes."""

    composed: list[Sequence[str]]

    def compose_job(self, overrides: Sequence[str]) -> DictConfig:
        self.composed.append(overrides)
        return super().compose_job(overrides)


@pytest.fixture(scope="module")
def multirun() -> Multirun:
    return compose_multirun(SMALL)


def assert_as_composed(multirun: Multirun, *jobs: list[str], num_composed: int) -> None:
    counting = Counting(multirun.config, multirun.loader)
    object.__setattr__(counting, "composed", [])  # frozen
    configs = JobConfigs(counting)
    results = [everything(configs.compose([*SMALL, *job])) for job in jobs]
    assert len(counting.composed) == num_composed
    assert results == [everything(multirun.compose_job([*SMALL, *job])) for job in jobs]


def test_jobs_that_differ_only_in_numbers_share_a_config(multirun: Multirun) -> None:
    assert_as_composed(
        multirun,
        ["scheduler=step", "optimizer.lr=0.1", "epochs=2", "warmup=0.1", "seed=0"],
        ["scheduler=step", "optimizer.lr=3e-2", "epochs=5", "warmup=3", "seed=11"],
        ["scheduler=cosine", "optimizer.lr=3e-2", "epochs=5", "warmup=0", "seed=11"],
        ["scheduler=step", "optimizer.lr=.5", "epochs=20", "warmup=0", "seed=0"],
        ["epochs=3", "epochs=4"],
        ["epochs=4", "epochs=3"],
        num_composed=3,
    )


@pytest.mark.parametrize(
    "jobs",
    [
        (["optimizer.lr=0.1", "optimizer={lr:0.1}"], ["optimizer.lr=0.2", "optimizer={lr:0.1}"]),
        (["warmup=3", "warmup=${epochs}"], ["warmup=4", "warmup=${epochs}"]),
        (["seconds=3", "seconds=null"], ["seconds=4", "seconds=null"]),
        (["+callbacks.mine.size=2"], ["+callbacks.mine.size=3"]),
        (["batch_size=${epochs}", "epochs=2"], ["batch_size=${epochs}", "epochs=3"]),
        (["scheduler=step", "~scheduler.gamma", "seed=1"], ["scheduler=step", "~scheduler.gamma", "seed=2"]),
    ],
)
def test_jobs_of_any_other_form_are_composed_each(jobs: tuple[list[str], ...], multirun: Multirun) -> None:
    assert_as_composed(multirun, *jobs, num_composed=2)
