"""Checks of values, the number of updates in a run, and which values identify it."""

from __future__ import annotations

import copy
import functools

import pytest
from omegaconf import OmegaConf

from src.config.compose import load_config, parsed
from src.config.identity import config_hash
from src.config.schema import Config
from src.errors import UsageError
from tests.conftest import composed, make_config

_composed = functools.cache(composed)


def config_with(*values: str) -> Config:
    """The same as `make_config(*values)`, but composed only once; values are set the way Hydra sets them."""
    config = copy.deepcopy(_composed())
    for override in parsed(values):
        OmegaConf.update(config, override.key_or_group, override.value())
    return load_config(config)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("epochs=0", "epochs=0: must be a positive integer"),
        ("epochs=1.5", "epochs"),
        ("epochs=many", "epochs=many: must be an integer"),
        ("seed=-1", "seed=-1"),
        ("batch_size=0", "batch_size=0"),
        ("batch_size=99999", "from 1 to the 55000 training examples of mnist"),
        ("optimizer.lr=-0.1", "optimizer.lr=-0.1: must be a finite, positive number, or auto"),
        ("optimizer.lr=0", "optimizer.lr=0: must be a finite, positive number, or auto"),
        ("optimizer.lr=nan", "optimizer.lr=nan"),
        ("optimizer.lr=large", "optimizer.lr=large"),
        ("warmup=1.5", "warmup=1.5"),
        ("warmup=-0.1", "warmup=-0.1"),
        ("warmup=99999", "warmup=99999 is longer than the run's 2150 updates"),
        ("interval=hour", "interval=hour: must be one of step, epoch, second"),
        ("seconds=0", "seconds=0"),
        ("seconds=10", "add interval=second"),
        ("data.num_val=60000", "data.num_val=60000"),
        ("trainer.precision=fp8", "one of auto, fp32, bf16, fp16"),
        ("trainer.device=tpu", "auto, cpu, cuda or cuda:N"),
        ("trainer.accumulate_batches=0", "trainer.accumulate_batches=0"),
        ("trainer.clip_grad_norm=0", "trainer.clip_grad_norm=0"),
        ("trainer.label_smoothing=1", "trainer.label_smoothing=1"),
        ("trainer.num_threads=0", "trainer.num_threads=0"),
        ("trainer.fused=perhaps", "trainer.fused=perhaps: must be true or false"),
        ("trainer.fused=2", "trainer.fused=2: must be true or false"),
        ("read_test=3", "read_test=3: must be true or false"),
        ("epochs=1000001", "epochs=1000001: must be at most 1000000"),
        ("seed=9223372036854775808", "must be at most 9223372036854775807"),
        ("trainer.num_threads=1025", "trainer.num_threads=1025: must be at most 1024"),
        ("trainer.accumulate_batches=431", "must be at most 430, the number of batches in an epoch"),
        ("trainer.clip_grad_norm=inf", "trainer.clip_grad_norm=inf: must be a number above 0, or null"),
        ("optimizer.weight_decay=nan", "optimizer.weight_decay=nan: must be a finite number"),
        ("data.thresholds=[0.9,0.9]", "data.thresholds=[0.9, 0.9]: must be accuracies above 0 and at most 1"),
        ("data.equivalence_margin=1", "data.equivalence_margin=1.0: must be a test error from 0 to below 1"),
        ("data.num_test=0", "data.num_test=0: must be a positive integer"),
        ("lr_requested=yes", "lr_requested=yes: must be auto or null"),
        ("name=../x", "name=../x: must consist of letters"),
        ("scheduler._target_=null", "scheduler._target_"),
    ],
)
def test_invalid_value_is_an_error(override: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        config_with(override)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_fp16_on_the_cpu_is_an_error() -> None:
    with pytest.raises(UsageError, match="needs a GPU"):
        make_config("trainer.device=cpu", "trainer.precision=fp16")


def test_horizon_of_unknown_length_is_an_error_with_a_remedy() -> None:
    with pytest.raises(UsageError, match="give it as seconds=60"):
        make_config("scheduler=cosine", "interval=second")


@pytest.mark.parametrize(
    ("overrides", "steps"),
    [
        ((), 2 * 430),  # 55,000 / 128 = 429.7: the last, smaller batch is an update too
        (("batch_size=55000",), 2),
        (("trainer.accumulate_batches=4",), 2 * 108),
        (("data=digits",), 2 * 10),
    ],
)
def test_total_steps(overrides: tuple[str, ...], steps: int) -> None:
    assert make_config("epochs=2", *overrides).total_steps == steps


def test_machine_and_folders_do_not_change_the_hash() -> None:
    laptop = config_with("data.root=/home", "trainer.num_threads=1", "name=one")
    server = config_with("data.root=/scratch", "data.requested=mnist", "trainer.num_threads=4")
    assert config_hash(laptop) == config_hash(server)


@pytest.mark.parametrize(
    "override", ["seed=1", "epochs=3", "optimizer.momentum=0.5", "warmup=0.1", "trainer.label_smoothing=0.1"]
)
def test_value_that_changes_results_changes_the_hash(override: str) -> None:
    assert config_hash(config_with(override)) != config_hash(config_with())


def test_schedule_changes_the_hash() -> None:
    assert config_hash(make_config("scheduler=step")) != config_hash(make_config())
