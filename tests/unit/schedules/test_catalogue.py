"""Every schedule of conf/scheduler: closed form, bounds, warmup, and resume in the middle of a run."""

from __future__ import annotations

import io
import math
from collections.abc import Callable

import pytest
import torch

from src.schedules.driver import Warmup, build_warmup
from tests.conftest import make_config
from tests.unit.schedules.conftest import (
    NAMES,
    PEAK,
    TICKS,
    build,
    by_tick,
    catalogue,
    curve,
    drive,
    load_configs,
    run_preflight,
)

# --- closed forms, written from the papers and not from the code ----------------------------------------------------


def half_cosine(q: float) -> float:
    return math.cos(math.pi * q / 2) ** 2


def milestones(t: int) -> float:
    reached = [milestone for milestone in (48, 73) if milestone <= t]  # 1/2 and 3/4 of 97
    return float(0.1 ** len(reached))


def restarts(t: int) -> float:
    """Three cycles of 14, 28 and 56 ticks: sevenths of 97, rounded up."""
    for length in (14, 28, 56):
        if t < length:
            return half_cosine(t / length)
        t -= length
    raise AssertionError("a fourth cycle began")


def cycles(t: int) -> float:
    length = TICKS / 3
    cycle = sum(t >= start for start in (length, 2 * length))
    return 0.5**cycle * half_cosine((t - cycle * length) / length)


def triangle(t: int) -> float:
    """Height of triangles that rise and fall for ten ticks each: a tenth of 97, rounded."""
    return 1 - abs(t % 20 - 10) / 10


def one_cycle(t: int) -> float:
    up_end, end = 0.3 * TICKS - 1, TICKS - 1
    start, low = 1 / 25, 1 / 25 / 1e4
    if t <= up_end:
        return start + (1 - start) * (1 - math.cos(math.pi * t / up_end)) / 2
    return low + (1 - low) * (1 + math.cos(math.pi * (t - up_end) / (end - up_end))) / 2


def plateau(t: int, factor: float) -> float:
    """A metric that never changes: only the first epoch improves it, and patience is a tenth of the run."""
    return float(factor ** (max(0, t - 1) // (10 + 1)))


def noam(t: int) -> float:
    """Linear up to 1 at the tenth update, then inverse square root decay."""
    return (t + 1) / 10 if t < 10 else math.sqrt(10 / (t + 1))


def wsd(t: int) -> float:
    stable = 0.8 * TICKS
    return 1.0 if t <= stable else 1 - math.sqrt((t - stable) / (TICKS - stable))


def trapezoid(t: int) -> float:
    return min((t + 1) / (0.1 * TICKS), 1.0, (TICKS - t) / (0.3 * TICKS))


def flat_cosine(t: int, start: float) -> float:
    flat = start * TICKS
    return half_cosine(max(0.0, t - flat) / (TICKS - flat))


def warmup_cosine(t: int) -> float:
    return (t + 1) / 10 if t < 10 else half_cosine((t - 10) / (TICKS - 10))


def swa(t: int) -> float:
    return 0.5 + 0.5 * half_cosine(min(1.0, max(0.0, t - 0.75 * TICKS) / (0.1 * TICKS)))


def tanh(t: int) -> float:
    return 1 / (1 + math.exp(2 * (-7 + 10 * t / TICKS)))


CLOSED_FORMS: dict[str, Callable[[int], float]] = {
    "adaptive": lambda t: plateau(t, 1 / 5),
    "constant": lambda t: 1.0,
    "cosine": lambda t: half_cosine(t / TICKS),
    "cosine_cycles": cycles,
    "cosine_restarts": restarts,
    "cyclic": lambda t: 0.1 + 0.9 * triangle(t),
    "cyclic_exp_range": lambda t: 0.1 + 0.9 * triangle(t) * 0.1 ** (t / TICKS),
    "cyclic_triangular2": lambda t: 0.1 + 0.9 * triangle(t) / 2 ** (t // 20),
    "exponential": lambda t: 0.01 ** (t / TICKS),
    "factor": lambda t: max(0.05, 0.01 ** (t / TICKS)),
    "flat_cosine": lambda t: flat_cosine(t, 0.75),
    "halving": lambda t: 0.5 ** (t // 600),
    "inv_scaling": lambda t: 1 / math.sqrt(t + 1),
    "inverse_sqrt": lambda t: math.sqrt(10 / (10 + t)),
    "inverse_time": lambda t: TICKS / (TICKS + 9 * t),
    "k_decay": lambda t: half_cosine((t / TICKS) ** 1.5),
    "linear": lambda t: (TICKS - t) / TICKS,
    "multi_step": milestones,
    "noam": noam,
    "one_cycle": one_cycle,
    "plateau": lambda t: plateau(t, 0.1),
    "polynomial": lambda t: ((TICKS - t) / TICKS) ** 2,
    "power": lambda t: (10 / (10 + t)) ** 0.51,
    "rex": lambda t: 2 * (TICKS - t) / (2 * TICKS - t),
    "sqrt": lambda t: 1 / math.sqrt(t + 1),
    "step": lambda t: 0.1 ** (t // 33),
    "swa": swa,
    "tanh": tanh,
    "trapezoid": trapezoid,
    "warmup_cosine": warmup_cosine,
    "wsd": wsd,
}


def test_every_schedule_has_a_closed_form() -> None:
    assert sorted(CLOSED_FORMS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_schedule_equals_its_closed_form(name: str) -> None:
    config = by_tick(name)
    assert config.total_ticks == TICKS
    lrs = curve(config)
    assert len(lrs) == TICKS
    assert lrs == pytest.approx([PEAK * CLOSED_FORMS[name](t) for t in range(TICKS)], abs=1e-9)
    assert all(math.isfinite(lr) and 0 <= lr <= PEAK * (1 + 1e-12) for lr in lrs)


def test_halving_follows_the_clock() -> None:
    lrs = curve(by_tick("halving", "scheduler.step_size=30"))
    assert lrs == pytest.approx([PEAK / 2 ** (second // 30) for second in range(TICKS)])


def test_ramps_of_a_trapezoid_may_overlap() -> None:
    lrs = curve(by_tick("trapezoid", "scheduler.warmup=0.8", "scheduler.cooldown=0.8"))
    assert lrs == pytest.approx([PEAK * min(t + 1, TICKS - t) / (0.8 * TICKS) for t in range(TICKS)])


@pytest.mark.parametrize("name", NAMES)
def test_warmup_multiplies_any_schedule_by_a_ramp(name: str) -> None:
    if by_tick(name).tick_interval == "second":
        config = by_tick(name, f"warmup={8 / TICKS}")
        ramp = [0.01, *(min(1.0, t / 8) for t in range(1, TICKS))]
    else:
        config = catalogue("warmup=8")[name]
        ramp = [min(1.0, (t + 1) / 8) for t in range(TICKS)]
    schedule, optimizer = build(config)
    schedule.warmup = Warmup()
    without_warmup, with_warmup = list(drive(config, schedule, optimizer)), curve(config)
    expected = [lr * factor for lr, factor in zip(without_warmup, ramp, strict=True)]
    assert with_warmup == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "warmup_cosine"])
def test_parameters_of_other_schedules_do_not_depend_on_warmup(name: str) -> None:
    config, with_warmup = by_tick(name), catalogue("warmup=0.1")[name]
    assert (config.warmup, with_warmup.warmup) == (0, 0.1)
    assert config.scheduler == with_warmup.scheduler


@pytest.mark.parametrize("warmup", ["0", "8", "0.1", "0.3", "50"])
def test_warmup_cosine_starts_its_cosine_where_warmup_ends(warmup: str) -> None:
    lrs = curve(by_tick("warmup_cosine", f"warmup={warmup}"))
    peaks = [t for t, lr in enumerate(lrs) if lr == pytest.approx(PEAK, rel=1e-12)]
    length = build_warmup(by_tick("warmup_cosine", f"warmup={warmup}")).steps
    assert peaks == ([length - 1, length] if length else [0])


@pytest.mark.parametrize("stop", [3, 90])
@pytest.mark.parametrize("name", NAMES)
def test_resumed_schedule_equals_an_uninterrupted_one(name: str, stop: int) -> None:
    config = catalogue("warmup=8")[name]
    uninterrupted = curve(config)
    schedule, optimizer = build(config)
    before = list(drive(config, schedule, optimizer, last=stop))
    file = io.BytesIO()
    torch.save([schedule.state_dict(), optimizer.state_dict()], file)
    file.seek(0)
    state, optimizer_state = torch.load(file, weights_only=True)
    schedule, optimizer = build(config)
    optimizer.load_state_dict(optimizer_state)
    schedule.load_state_dict(state)
    assert before + list(drive(config, schedule, optimizer, first=stop)) == uninterrupted


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("epochs", [1, 300])
def test_defaults_work_in_short_and_long_runs(name: str, epochs: int) -> None:
    overrides = ("data=digits", "optimizer.lr=1", "batch_size=1257")
    if name == "halving":
        config = make_config("scheduler=halving", f"seconds={epochs}", *overrides)
    else:
        names = tuple(name for name in NAMES if name != "halving")
        config = load_configs(names, f"epochs={epochs}", *overrides)[name]
    lrs = run_preflight(config)
    assert len(lrs) == epochs
    assert all(0 <= lr <= 1 + 1e-12 for lr in lrs)
