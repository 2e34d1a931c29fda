"""The schema, the checks, and what makes two runs the same."""

from __future__ import annotations

import pytest

from src.config.identity import config_hash
from src.errors import UsageError
from tests.conftest import make_config, small_config


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("epochs=0", "epochs=0: must be a positive integer"),
        ("epochs=1.5", "epochs"),
        ("epochs=many", "epochs: Value 'many'"),
        ("seed=-1", "seed=-1"),
        ("batch_size=0", "batch_size=0"),
        ("batch_size=99999", "from 1 to the 55000 training examples of mnist"),
        ("optimizer.lr=-0.1", "optimizer.lr=-0.1: must be a finite number from 0"),
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
        ("trainer.fused=perhaps", "trainer.fused"),
        ("scheduler._target_=null", "scheduler._target_"),
    ],
)
def test_an_impossible_value_is_named_with_what_is_allowed(override: str, says: str) -> None:
    with pytest.raises(UsageError) as refusal:
        make_config(override)
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_fp16_on_the_cpu_is_refused() -> None:
    with pytest.raises(UsageError, match="needs a GPU"):
        make_config("trainer.device=cpu", "trainer.precision=fp16")


def test_a_horizon_of_unknown_length_is_refused_with_the_remedy() -> None:
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


def test_where_a_run_is_made_does_not_change_what_it_is() -> None:
    here = small_config("data.root=/here", "trainer.num_threads=1", "name=one")
    there = small_config("data.root=/there", "data.requested=mnist", "trainer.num_threads=4")
    assert config_hash(here) == config_hash(there)


@pytest.mark.parametrize(
    "override",
    ["seed=1", "epochs=3", "scheduler=step", "optimizer.momentum=0.5", "warmup=0.1", "trainer.label_smoothing=0.1"],
)
def test_what_a_run_computes_does(override: str) -> None:
    assert config_hash(small_config()) != config_hash(small_config(override))
