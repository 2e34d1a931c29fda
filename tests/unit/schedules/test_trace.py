"""Traced learning rates equal those of a run: the same driver, the same clock, the same errors."""

from __future__ import annotations

from dataclasses import replace

import pytest

from src.errors import UsageError
from src.schedules.trace import trace, trace_assumptions
from tests.conftest import make_config
from tests.unit.schedules.conftest import NAMES, TICKS, by_tick, curve

METRIC_DRIVEN = {"plateau", "adaptive"}


@pytest.mark.parametrize("name", sorted(set(NAMES) - METRIC_DRIVEN))
def test_traced_curve_equals_the_driven_one(name: str) -> None:
    config = replace(by_tick(name), warmup=0.1)
    traced = trace(config)
    if config.tick_interval != "second":
        assert traced == curve(config)
        return
    seconds = [step * TICKS / len(traced) for step in range(len(traced))]
    ramp = [min(1.0, max(0.01, second / (0.1 * TICKS))) for second in seconds]
    assert traced == pytest.approx([config.optimizer["lr"] * factor for factor in ramp])


def test_assumed_metric_stops_improving_after_two_fifths_of_the_run() -> None:
    lrs = trace(
        make_config("scheduler=plateau", "optimizer.lr=1", "batch_size=27500")
    )  # two updates in each of 5 epochs
    assert lrs == pytest.approx([1, 1, 1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01])


@pytest.mark.parametrize(("epochs", "metric"), [(5, "val_accuracy"), (50, "train_loss"), (300, "val_loss")])
def test_plateau_decays_in_a_run_of_any_length(epochs: int, metric: str) -> None:
    mode = "max" if metric.endswith("accuracy") else "min"
    config = make_config(
        "scheduler=plateau", f"scheduler.monitor={metric}", f"scheduler.mode={mode}", f"epochs={epochs}",
        "batch_size=55000",
    )  # fmt: skip
    lrs = trace(config)
    assert lrs[int(0.4 * epochs)] == config.optimizer["lr"]
    assert lrs[-1] < 0.2 * config.optimizer["lr"]
    assert trace_assumptions(config) == f"made-up {metric}: better for 40% of the run, then the same"


def test_wall_clock_schedule_is_traced_over_half_an_hour() -> None:
    config = make_config("scheduler=halving", "optimizer.lr=1", "batch_size=27500", "epochs=9")  # 100 s per update
    assert trace(config) == pytest.approx([1.0] * 6 + [0.5] * 6 + [0.25] * 6)
    assert trace_assumptions(config) == "updates spread evenly over 30 minutes"


def test_updates_are_spread_evenly_over_a_wall_clock_run() -> None:
    config = make_config("scheduler=linear", "interval=second", "seconds=10", "optimizer.lr=1", "batch_size=11000")
    assert trace(config) == pytest.approx([1 - int(step * 10 / 25) / 10 for step in range(25)])
    assert trace_assumptions(config) == "updates spread evenly over 10 seconds"


def test_other_schedules_need_no_assumptions() -> None:
    assert {trace_assumptions(make_config(f"scheduler={name}")) for name in ("cosine", "step", "noam")} == {""}


def fails_late(t: int, horizon: int) -> float:
    if t == 20_000:
        raise ValueError("enough")
    return 1.0


def test_schedule_that_fails_after_preflight_is_an_error() -> None:
    config = make_config(f"scheduler._target_={__name__}.fails_late", "data=digits", "batch_size=1", "epochs=16")
    with pytest.raises(UsageError, match="scheduler=fails_late fails after update 20000: enough"):
        trace(config)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["epochs=1000000"], "epochs=1000000 with batch_size=128: 430,000,000 updates per schedule, of which"),
        (["epochs=100000", "batch_size=1"], "epochs=100000 with batch_size=1: 5,500,000,000 updates per schedule"),
        (["seconds=1e9", "interval=second"], "seconds=1e+09: one tick per second, of which a preview traces at most 2"),
    ],
)
def test_run_that_is_too_long_to_trace_is_refused_at_once(overrides: list[str], message: str) -> None:
    with pytest.raises(UsageError) as error:
        trace(make_config("scheduler=cosine", *overrides))
    assert str(error.value).startswith(message)
