"""The driver: closed forms, clocks, warmup, metrics, resume, refusals."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator

import pytest
import torch
from torch.optim.lr_scheduler import LRScheduler

from src.config import CONF, Config
from src.errors import UsageError
from src.optimizers import build_optimizer
from src.schedules.schedule import METRICS, Schedule, Warmup, build_schedule, build_warmup, rehearse
from tests.conftest import make_config

NAMES = sorted(path.stem for path in (CONF / "scheduler").glob("*.yaml"))
TICKS = 97
PEAK = 0.4


def by_step(name: str, *overrides: str) -> Config:
    """A run of 97 ticks: 97 updates in one epoch or, for a schedule by epoch, 97 epochs of one update."""
    interval = make_config(f"scheduler={name}").scheduler["interval"]
    length = (
        ("epochs=1", f"batch_size={math.ceil(1257 / TICKS)}")
        if interval == "step"
        else (
            f"epochs={TICKS}",
            "batch_size=1257",
        )
    )
    return make_config("data=digits", f"scheduler={name}", f"optimizer.lr={PEAK}", *length, *overrides)


def drive(
    config: Config, schedule: Schedule, optimizer: torch.optim.Optimizer, first: int = 0, last: int = TICKS
) -> Iterator[float]:
    """The learning rate of every update, as the trainer drives it; every epoch brings the same metric."""
    for step in range(first, last):
        lr = schedule.begin_update(step, float(step))
        assert lr == optimizer.param_groups[0]["lr"]
        optimizer.step()
        yield lr
        schedule.end_update(step + 1, float(step + 1))
        if (step + 1) % config.updates_per_epoch == 0:
            schedule.end_epoch((step + 1) // config.updates_per_epoch, dict.fromkeys(METRICS, 1.0))


def build(config: Config) -> tuple[Schedule, torch.optim.Optimizer]:
    weight = torch.nn.Parameter(torch.zeros(1))
    weight.grad = torch.zeros(1)
    optimizer = build_optimizer(config.optimizer, [weight])
    return build_schedule(config, optimizer), optimizer


def curve(config: Config) -> list[float]:
    return list(drive(config, *build(config)))


# --- what the names mean -------------------------------------------------------------------------------------------


def triangle(t: int) -> float:
    half = 10  # ${ticks:0.1} of 97
    position = t % (2 * half)
    height = position / half if position <= half else 2 - position / half
    return 0.1 + 0.9 * height


def one_cycle(t: int) -> float:
    up_end, end = 0.3 * TICKS - 1, TICKS - 1
    start, low = 1 / 25, 1 / 25 / 1e4
    if t <= up_end:
        return start + (1 - start) * (1 - math.cos(math.pi * t / up_end)) / 2
    return low + (1 - low) * (1 + math.cos(math.pi * (t - up_end) / (end - up_end))) / 2


def plateau(t: int) -> float:
    """A metric that never changes: the first epoch is the best, each further one is bad, patience is a tenth."""
    return 0.1 ** (max(0, t - 1) // (round(0.1 * TICKS) + 1))


ORACLE: dict[str, Callable[[int], float]] = {
    "constant": lambda t: 1.0,
    "step": lambda t: 0.1 ** (t // 33),
    "exponential": lambda t: 0.01 ** (t / TICKS),
    "cosine": lambda t: (1 + math.cos(math.pi * t / TICKS)) / 2,
    "plateau": plateau,
    "one_cycle": one_cycle,
    "cyclic": triangle,
}


def test_every_schedule_has_an_oracle() -> None:
    assert sorted(ORACLE) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_schedule_equals_its_closed_form(name: str) -> None:
    config = by_step(name)
    assert config.total_ticks == TICKS
    found = curve(config)
    assert found == pytest.approx([PEAK * ORACLE[name](t) for t in range(TICKS)], abs=1e-9)
    assert all(0 <= lr <= PEAK * (1 + 1e-12) for lr in found)


def test_step_is_the_formula_of_the_textbook() -> None:
    config = make_config(
        "data=digits",
        "scheduler=step",
        "epochs=25",
        "scheduler.step_size=10",
        "scheduler.gamma=0.1",
        "optimizer.lr=0.1",
    )
    assert rehearse(config) == pytest.approx([0.1 * 0.1 ** (t // 10) for t in range(25)], abs=1e-15)


@pytest.mark.parametrize("epochs", [2, 100])
def test_defaults_do_what_the_name_says_in_a_short_and_in_a_long_run(epochs: int) -> None:
    def lrs(name: str) -> list[float]:
        return rehearse(make_config("data=digits", f"scheduler={name}", f"epochs={epochs}", "optimizer.lr=1"))

    assert len(set(lrs("step"))) == min(epochs, 3)
    assert lrs("exponential")[-1] == pytest.approx(0.01 ** (1 - 1 / epochs))
    assert lrs("cosine")[-1] < 0.01
    assert max(lrs("one_cycle")) == pytest.approx(1, abs=0.02)
    assert lrs("one_cycle")[-1] < 1e-5
    cyclic = lrs("cyclic")
    peaks = [t for t in range(1, len(cyclic) - 1) if cyclic[t - 1] < cyclic[t] > cyclic[t + 1]]
    assert len(peaks) == 5


# --- warmup --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_warmup_is_a_ramp_on_top_of_any_schedule(name: str) -> None:
    ramp = [min(1.0, (t + 1) / 8) for t in range(TICKS)]
    bare, warmed = curve(by_step(name)), curve(by_step(name, "warmup=8"))
    assert warmed == pytest.approx([lr * factor for lr, factor in zip(bare, ramp, strict=True)], abs=1e-12)


def test_warmup_as_a_fraction_of_the_run() -> None:
    assert build_warmup(by_step("cosine", "warmup=0.25")) == Warmup(steps=24)
    assert build_warmup(by_step("cosine", "warmup=1")) == Warmup(steps=1)
    assert build_warmup(by_step("cosine")) == Warmup()


def test_warmup_by_the_clock() -> None:
    config = make_config("scheduler=constant", "interval=second", "seconds=40", "warmup=0.25", "optimizer.lr=1")
    schedule, optimizer = build(config)
    optimizer.step()
    seen = []
    for seconds in (2.5, 10.0, 39.0):
        seen.append(schedule.begin_update(1, seconds))
        schedule.end_update(1, seconds)
    assert seen == [0.25, 1.0, 1.0]


def test_the_schedule_never_sees_the_ramp() -> None:
    schedule, optimizer = build(by_step("exponential", "warmup=8"))
    schedule.begin_update(0, 0.0)
    assert optimizer.param_groups[0]["lr"] == PEAK / 8
    schedule.end_update(1, 0.0)
    assert optimizer.param_groups[0]["lr"] == PEAK


# --- clocks --------------------------------------------------------------------------------------------------------


def test_a_tick_is_an_update_that_happened() -> None:
    schedule, optimizer = build(by_step("cosine"))
    optimizer.step()
    for step in (0, 0, 1, 1, 2):  # fp16 left two updates out
        schedule.begin_update(step, 0.0)
        schedule.end_update(step, 0.0)
    assert schedule.scheduler.last_epoch == 2


def test_seconds_tick_by_the_clock_and_catch_up() -> None:
    config = make_config(
        "scheduler=step", "interval=second", "seconds=30", "scheduler.step_size=10", "scheduler.gamma=0.5",
        "optimizer.lr=1",
    )  # fmt: skip
    schedule, optimizer = build(config)
    optimizer.step()
    seen = []
    for seconds in (0.5, 9.99, 10.0, 27.3):
        schedule.begin_update(1, seconds)
        schedule.end_update(1, seconds)
        seen.append(optimizer.param_groups[0]["lr"])
    assert seen == [1, 1, 0.5, 0.25]


@pytest.mark.parametrize("name", ["one_cycle", "cosine"])
def test_nothing_rebounds_or_raises_past_the_end(name: str) -> None:
    config = by_step(name)
    schedule, optimizer = build(config)
    last = list(drive(config, schedule, optimizer))[-1]
    for step in range(TICKS, TICKS + 20):
        schedule.end_update(step, 0.0)
    assert optimizer.param_groups[0]["lr"] == last


# --- metrics -------------------------------------------------------------------------------------------------------


def test_plateau_follows_the_metric_it_monitors() -> None:
    config = make_config("scheduler=plateau", "scheduler.patience=1", "optimizer.lr=1", "epochs=10")
    schedule, optimizer = build(config)
    optimizer.step()
    lrs = []
    for epoch, loss in enumerate([3.0, 2.0, 2.0, 2.5, 1.0, 1.0, 1.0], 1):
        schedule.end_epoch(epoch, {"val_loss": loss, "train_loss": -float(epoch)})
        lrs.append(optimizer.param_groups[0]["lr"])
    assert lrs == pytest.approx([1, 1, 1, 0.1, 0.1, 0.1, 0.01])


def test_plateau_does_not_stall_at_a_small_lr() -> None:
    config = make_config("scheduler=plateau", "scheduler.patience=0", "optimizer.lr=1e-7", "epochs=10")
    schedule, optimizer = build(config)
    optimizer.step()
    for epoch in range(1, 5):
        schedule.end_epoch(epoch, {"val_loss": 1.0})
    assert optimizer.param_groups[0]["lr"] == pytest.approx(1e-10)


# --- resume --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [3, 90])
@pytest.mark.parametrize("name", NAMES)
def test_a_resumed_schedule_goes_on_as_if_nothing_had_happened(name: str, at: int) -> None:
    config = by_step(name, "warmup=8")
    whole = curve(config)
    schedule, optimizer = build(config)
    before = list(drive(config, schedule, optimizer, last=at))
    file = io.BytesIO()
    torch.save([schedule.state_dict(), optimizer.state_dict()], file)
    file.seek(0)
    state, optimizer_state = torch.load(file, weights_only=True)
    schedule, optimizer = build(config)
    optimizer.load_state_dict(optimizer_state)
    schedule.load_state_dict(state)
    assert before + list(drive(config, schedule, optimizer, first=at)) == whole


# --- schedules of the user's own -----------------------------------------------------------------------------------


class Halving(LRScheduler):
    def __init__(self, optimizer: torch.optim.Optimizer, factor: float) -> None:
        self.factor = factor
        super().__init__(optimizer)

    def get_lr(self) -> list[float | torch.Tensor]:
        return [base * self.factor**self.last_epoch for base in self.base_lrs]


def sawtooth(t: int, horizon: int, teeth: int) -> float:
    return 1 - (t * teeth / horizon) % 1


class Unsavable(Halving):
    """Holds what the safe loader of checkpoints would refuse to read back."""

    def __init__(self, optimizer: torch.optim.Optimizer, factor: float) -> None:
        self.where = CONF
        super().__init__(optimizer, factor)


def test_a_schedule_that_could_not_be_resumed_is_refused() -> None:
    config = by_step("constant", f"scheduler._target_={__name__}.Unsavable", "+scheduler.factor=0.5")
    with pytest.raises(UsageError, match=r"scheduler=Unsavable: its state_dict cannot be saved.*'where'"):
        rehearse(config)


def test_a_class_and_a_function_of_the_users_own() -> None:
    own_class = by_step("constant", f"scheduler._target_={__name__}.Halving", "+scheduler.factor=0.5")
    assert curve(own_class)[:4] == [PEAK, PEAK / 2, PEAK / 4, PEAK / 8]
    own_function = by_step("constant", f"scheduler._target_={__name__}.sawtooth", "+scheduler.teeth=1")
    assert curve(own_function) == pytest.approx([PEAK * (1 - t / TICKS) for t in range(TICKS)])


# --- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        (("scheduler=step", "scheduler.gamma=-1"), "sets the learning rate to -"),
        (("scheduler=step", "scheduler.step_size=0"), "step fails at tick 1"),
        (("scheduler=step", "scheduler.step_size=2.5"), "scheduler.step_size=2.5: must be a whole number"),
        (("scheduler=step", "scheduler.gamma=small"), "scheduler.gamma='small': must be a number"),
        (("scheduler=step", "+scheduler.gama=1"), "scheduler.gama: no such parameter; StepLR takes step_size, gamma"),
        (("scheduler=exponential", "scheduler.gamma=1e300"), "exponential"),
        (("scheduler=plateau", "scheduler.monitor=null"), "scheduler=plateau needs one of train_loss"),
        (("scheduler=plateau", "scheduler.monitor=test_loss"), "scheduler.monitor=test_loss"),
        (("scheduler=plateau", "scheduler.monitor=val_accuracy"), "set scheduler.mode=max"),
        (("scheduler=plateau", "interval=step"), "waits for a metric"),
        (("scheduler=plateau", "scheduler.factor=1.5"), "Factor should be < 1.0"),
        (("scheduler=cosine", "scheduler.monitor=val_loss"), "takes no metric"),
        (("scheduler=one_cycle", "optimizer.momentum=0"), "set scheduler.cycle_momentum=false"),
        (("scheduler=one_cycle", "scheduler.pct_start=2"), "pct_start"),
        (("scheduler._target_=torch.optim.SGD",), "is not a torch LRScheduler"),
    ],
)
def test_a_schedule_that_cannot_run_is_refused(overrides: tuple[str, ...], says: str) -> None:
    with pytest.raises(UsageError) as refusal:
        rehearse(make_config("data=digits", "epochs=3", *overrides))
    assert says in str(refusal.value)


def test_one_cycle_of_an_optimizer_with_betas_cycles_them() -> None:
    config = by_step("one_cycle", "optimizer=adamw")
    schedule, optimizer = build(config)
    betas = [optimizer.param_groups[0]["betas"][0] for _ in drive(config, schedule, optimizer)]
    assert (max(betas), min(betas)) == pytest.approx((0.95, 0.85), abs=0.01)
