"""The schedule driver: clocks, warmup, metrics, errors, and pitfalls of torch's schedulers."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.optim.lr_scheduler import LRScheduler

from src.errors import UsageError
from src.schedules.driver import Warmup, build_warmup
from tests.conftest import make_config
from tests.unit.schedules.conftest import (
    LENGTH,
    PEAK,
    RUN,
    TICKS,
    build,
    by_tick,
    curve,
    drive,
    load_configs,
    run_preflight,
)


def test_step_equals_its_textbook_formula() -> None:
    config = make_config(
        "data=digits",
        "scheduler=step",
        "epochs=25",
        "scheduler.step_size=10",
        "scheduler.gamma=0.1",
        "optimizer.lr=0.1",
    )
    assert run_preflight(config) == pytest.approx([0.1 * 0.1 ** (t // 10) for t in range(25)], abs=1e-15)


@pytest.mark.parametrize("epochs", [2, 7, 100])
def test_defaults_keep_their_shape_in_short_and_long_runs(epochs: int) -> None:
    names = ("step", "exponential", "cosine", "one_cycle", "cyclic")
    configs = load_configs(names, "data=digits", f"epochs={epochs}", "optimizer.lr=1")

    def lrs(name: str) -> list[float]:
        return run_preflight(configs[name])

    assert len(set(lrs("step"))) == min(epochs, 3)  # two drops at most
    assert lrs("exponential")[-1] == pytest.approx(0.01 ** (1 - 1 / epochs))
    assert lrs("cosine")[-1] < 0.01
    assert max(lrs("one_cycle")) == pytest.approx(1, abs=0.02)
    assert lrs("one_cycle")[-1] < 1e-5
    cyclic = lrs("cyclic")
    peaks = [t for t in range(1, len(cyclic) - 1) if cyclic[t - 1] < cyclic[t] > cyclic[t + 1]]
    assert len(peaks) == 5


# --- warmup --------------------------------------------------------------------------------------------------------


def test_warmup_as_a_fraction_of_the_run() -> None:
    config = by_tick("cosine")
    assert build_warmup(replace(config, warmup=0.25)) == Warmup(steps=24)
    assert build_warmup(replace(config, warmup=1)) == Warmup(steps=1)
    assert build_warmup(config) == Warmup()


def test_warmup_in_seconds() -> None:
    config = make_config("scheduler=constant", "interval=second", "seconds=40", "warmup=0.25", "optimizer.lr=1")
    schedule, optimizer = build(config)
    optimizer.step()
    lrs = []
    for seconds in (2.5, 10.0, 39.0):
        lrs.append(schedule.begin_update(1, seconds))
        schedule.end_update(1, seconds)
    assert lrs == [0.25, 1.0, 1.0]


def test_warmup_is_removed_after_the_update() -> None:
    schedule, optimizer = build(by_tick("exponential", "warmup=8"))
    schedule.begin_update(0, 0.0)
    assert optimizer.param_groups[0]["lr"] == PEAK / 8
    schedule.end_update(1, 0.0)
    assert optimizer.param_groups[0]["lr"] == PEAK


# --- clocks --------------------------------------------------------------------------------------------------------


def test_skipped_update_is_not_a_tick() -> None:
    schedule, optimizer = build(by_tick("cosine"))
    optimizer.step()
    for step in (0, 0, 1, 1, 2):  # fp16 skipped two updates
        schedule.begin_update(step, 0.0)
        schedule.end_update(step, 0.0)
    assert schedule.scheduler.last_epoch == 2


def test_seconds_follow_the_clock_and_catch_up() -> None:
    config = make_config(
        "scheduler=step", "interval=second", "seconds=30", "scheduler.step_size=10", "scheduler.gamma=0.5",
        "optimizer.lr=1",
    )  # fmt: skip
    schedule, optimizer = build(config)
    optimizer.step()
    lrs = []
    for seconds in (0.5, 9.99, 10.0, 27.3):
        schedule.begin_update(1, seconds)
        schedule.end_update(1, seconds)
        lrs.append(optimizer.param_groups[0]["lr"])
    assert lrs == [1, 1, 0.5, 0.25]


@pytest.mark.parametrize("name", ["one_cycle", "cosine"])
def test_lr_stays_constant_past_the_end(name: str) -> None:
    config = by_tick(name)
    schedule, optimizer = build(config)
    last = list(drive(config, schedule, optimizer))[-1]
    for step in range(TICKS, TICKS + 20):
        schedule.end_update(step, 0.0)
    assert optimizer.param_groups[0]["lr"] == last


# --- metrics -------------------------------------------------------------------------------------------------------


def test_plateau_follows_the_monitored_metric() -> None:
    config = make_config("scheduler=plateau", "scheduler.patience=1", "optimizer.lr=1", "epochs=10")
    schedule, optimizer = build(config)
    optimizer.step()
    lrs = []
    for epoch, loss in enumerate([3.0, 2.0, 2.0, 2.5, 1.0, 1.0, 1.0], 1):
        schedule.end_epoch(epoch, {"val_loss": loss, "train_loss": -float(epoch)})
        lrs.append(optimizer.param_groups[0]["lr"])
    assert lrs == pytest.approx([1, 1, 1, 0.1, 0.1, 0.1, 0.01])


def test_plateau_counts_epochs_in_a_wall_clock_run() -> None:
    config = make_config("scheduler=plateau", "seconds=20", "scheduler.patience=0", "optimizer.lr=1", "warmup=0.5")
    assert (config.tick_interval, config.total_ticks) == ("epoch", None)
    schedule, optimizer = build(config)
    optimizer.step()
    assert schedule.begin_update(0, 5.0) == 0.5
    schedule.end_update(1, 5.0)
    for epoch in (1, 2):
        schedule.end_epoch(epoch, {"val_loss": 1.0})
    assert schedule.begin_update(9, 12.0) == pytest.approx(0.1)


def test_plateau_does_not_stall_at_a_small_lr() -> None:
    config = make_config("scheduler=plateau", "scheduler.patience=0", "optimizer.lr=1e-7", "epochs=10")
    schedule, optimizer = build(config)
    optimizer.step()
    for epoch in range(1, 5):
        schedule.end_epoch(epoch, {"val_loss": 1.0})
    assert optimizer.param_groups[0]["lr"] == pytest.approx(1e-10)


# --- pitfalls of torch's schedulers ---------------------------------------------------------------------------------


def test_milestones_must_be_integers_which_torch_does_not_check() -> None:
    assert by_tick("multi_step").scheduler["milestones"] == [48, 73]
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[0.1 * 3 * 10])  # type: ignore[list-item]
    for _ in range(5):
        optimizer.step()
        scheduler.step()
    assert optimizer.param_groups[0]["lr"] == 1.0  # 3.0000000000000004 is never reached
    with pytest.raises(UsageError, match=r"milestones=\[3.5\]: must be a list of integers"):
        run_preflight(by_tick("multi_step", "scheduler.milestones=[3.5]"))


def test_peak_is_the_lr_of_the_optimizer() -> None:
    names = ("one_cycle", "cyclic", "cyclic_triangular2")
    for config in load_configs(names, *RUN, *LENGTH["step"], "optimizer.lr=0.7").values():
        assert max(curve(config)) == pytest.approx(0.7, abs=0.01)


def test_integer_is_accepted_for_a_float() -> None:
    assert curve(by_tick("one_cycle", "scheduler.pct_start=1"))[-1] == pytest.approx(PEAK)  # torch accepts only 1.0


def test_one_cycle_rising_for_a_single_tick_is_an_error() -> None:
    with pytest.raises(UsageError, match="the rise would last a single tick"):
        run_preflight(by_tick("one_cycle", "scheduler.total_steps=100", "scheduler.pct_start=0.01"))


@pytest.mark.parametrize("name", ["one_cycle", "cyclic"])
@pytest.mark.parametrize(
    "optimizer",
    [
        ("optimizer=adagrad",),
        ("optimizer=adadelta",),
        ("optimizer=rmsprop",),
        ("optimizer=muon",),
        ("optimizer=sgd", "optimizer.momentum=0"),
        ("optimizer=schedule_free_sgd",),
    ],
)
def test_cycling_a_missing_momentum_is_an_error(name: str, optimizer: tuple[str, ...]) -> None:
    config = load_configs(("one_cycle", "cyclic"), *RUN, *LENGTH["step"], *optimizer)[name]
    with pytest.raises(UsageError, match=r"cycle_momentum=true: optimizer=.* set scheduler.cycle_momentum=false"):
        run_preflight(replace(config, scheduler={**config.scheduler, "cycle_momentum": True}))
    run_preflight(replace(config, scheduler={**config.scheduler, "cycle_momentum": False}))


NEAR_ZERO_AT_THE_END = ("cosine", "linear", "cosine_restarts", "cosine_cycles", "one_cycle")


@pytest.mark.parametrize("name", NEAR_ZERO_AT_THE_END)
@pytest.mark.parametrize("batch_size", [13, 14, 17, 19, 23, 29, 31, 37])
def test_last_update_is_never_back_at_the_peak(name: str, batch_size: int) -> None:
    overrides = ("data=digits", "epochs=3", f"batch_size={batch_size}", "optimizer.lr=1")
    configs = load_configs(NEAR_ZERO_AT_THE_END, *overrides)
    assert run_preflight(configs[name])[-1] < 0.05


def test_reported_lr_differs_from_get_lr_between_steps() -> None:
    schedule, optimizer = build(by_tick("exponential", "scheduler.gamma=0.5"))
    optimizer.step()
    schedule.advance(1)
    with pytest.warns(UserWarning, match="get_last_lr"):
        get_lr = schedule.scheduler.get_lr()[0]
    assert (schedule.begin_update(1, 0.0), get_lr) == (PEAK / 2, PEAK / 4)


def test_cycles_stay_at_end_once_their_peak_falls_below_it() -> None:
    lrs = curve(by_tick("cosine_cycles", "scheduler.end=0.3"))
    assert lrs[-30:] == pytest.approx([0.3 * PEAK] * 30)


def test_plateau_counts_nan_as_no_improvement() -> None:
    # This is why the trainer never passes a non-finite metric on: the run ends as diverged instead.
    schedule, optimizer = build(by_tick("plateau", "scheduler.patience=0"))
    optimizer.step()
    for epoch, loss in enumerate([1.0, float("nan")], 1):
        schedule.end_epoch(epoch, {"val_loss": loss})
    assert optimizer.param_groups[0]["lr"] == pytest.approx(PEAK / 10)


# --- custom schedules ----------------------------------------------------------------------------------------------


class Halving(LRScheduler):
    def __init__(self, optimizer: torch.optim.Optimizer, factor: float) -> None:
        self.factor = factor
        super().__init__(optimizer)

    def get_lr(self) -> list[float | torch.Tensor]:
        return [base * self.factor**self.last_epoch for base in self.base_lrs]


def sawtooth(t: int, horizon: int, teeth: int) -> float:
    return 1 - (t * teeth / horizon) % 1


def test_custom_class_and_custom_function() -> None:
    custom_class = by_tick("constant", f"scheduler._target_={__name__}.Halving", "+scheduler.factor=0.5")
    assert curve(custom_class)[:4] == [PEAK, PEAK / 2, PEAK / 4, PEAK / 8]
    custom_function = by_tick("constant", f"scheduler._target_={__name__}.sawtooth", "+scheduler.teeth=1")
    assert curve(custom_function) == pytest.approx([PEAK * (1 - t / TICKS) for t in range(TICKS)])


# --- errors --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("scheduler=step", "scheduler.gamma=-1"), "sets the learning rate to -"),
        (("scheduler=step", "scheduler.step_size=0"), "scheduler.step_size=0: must be at least 1"),
        (("scheduler=step", "scheduler.step_size=2.5"), "scheduler.step_size=2.5: must be an integer"),
        (("scheduler=step", "scheduler.gamma=small"), "scheduler.gamma='small': must be a number"),
        (("scheduler=step", "+scheduler.gama=1"), "scheduler.gama: no such parameter; StepLR takes step_size, gamma"),
        (("scheduler=exponential", "scheduler.gamma=1e300"), "exponential"),
        (("scheduler=plateau", "scheduler.monitor=null"), "scheduler=plateau needs one of train_loss"),
        (("scheduler=plateau", "scheduler.monitor=test_loss"), "scheduler.monitor=test_loss"),
        (("scheduler=plateau", "scheduler.monitor=val_accuracy"), "set scheduler.mode=max"),
        (("scheduler=plateau", "interval=step"), "needs a metric, which is computed once per epoch"),
        (("scheduler=plateau", "scheduler.factor=1.5"), "Factor should be < 1.0"),
        (("scheduler=cosine", "scheduler.monitor=val_loss"), "monitors no metric"),
        (("scheduler=one_cycle", "optimizer.momentum=0"), "set scheduler.cycle_momentum=false"),
        (("scheduler=one_cycle", "scheduler.pct_start=2"), "pct_start"),
        (("scheduler._target_=torch.optim.SGD",), "is not a torch LRScheduler"),
        (("scheduler=cosine_restarts", "scheduler.T_0=2.5"), "scheduler.T_0=2.5: must be an integer"),
        (("scheduler=wsd", "scheduler.shape=round"), "wsd fails at tick 0: shape=round must be one of linear, cosine"),
        (("scheduler=wsd", "scheduler.cooldown=1.5"), "not a fraction of the run"),
        (("scheduler=noam", "scheduler.warmup=0"), "noam fails at tick 0"),
        (("scheduler=trapezoid", "scheduler.warmup=500"), "500 is not a fraction of the run"),
        (("scheduler=cosine_cycles", "scheduler.num_cycles=0"), "num_cycles=0 must be at least 1"),
        (("scheduler=warmup_cosine", "seconds=20", "interval=second", "warmup=5"), "give a fraction, as in warmup=0.1"),
        (("scheduler=factor", "scheduler.floor=3"), "from 0 to the peak"),
        (("scheduler=rex", "interval=second"), "with interval=second give it as seconds=60"),
        (("scheduler=plateau", "seconds=20"), "give its spans as numbers (scheduler.patience=2)"),
    ],
)
def test_schedule_that_cannot_run_is_an_error(overrides: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError) as error:
        run_preflight(make_config("data=digits", "epochs=3", *overrides))
    assert message in str(error.value)


def test_one_cycle_cycles_betas() -> None:
    config = by_tick("one_cycle", "optimizer=adamw")
    schedule, optimizer = build(config)
    betas = [optimizer.param_groups[0]["betas"][0] for _ in drive(config, schedule, optimizer)]
    assert (max(betas), min(betas)) == pytest.approx((0.95, 0.85), abs=0.01)
