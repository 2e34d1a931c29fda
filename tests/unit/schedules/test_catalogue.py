"""Every schedule of conf/scheduler: its closed form, its bounds, warmup on top of it, resume in the midst of it."""

from __future__ import annotations

import io
import math
from collections.abc import Callable

import pytest
import torch

from src.schedules.driver import Warmup, build_warmup
from tests.conftest import make_config
from tests.unit.schedules.conftest import NAMES, PEAK, TICKS, build, by_tick, curve, drive, run_preflight

# --- what the names mean: written from the papers, not from the code ------------------------------------------------


def half_cosine(q: float) -> float:
    return math.cos(math.pi * q / 2) ** 2


def milestones(t: int) -> float:
    reached = [milestone for milestone in (48, 73) if milestone <= t]  # a half and three quarters of 97
    return float(0.1 ** len(reached))


def restarts(t: int) -> float:
    """Three cycles of 14, 28 and 56 ticks: 97 in sevenths, rounded up."""
    for length in (14, 28, 56):
        if t < length:
            return half_cosine(t / length)
        t -= length
    raise AssertionError("a fourth cycle has begun")


def cycles(t: int) -> float:
    length = TICKS / 3
    number = sum(t >= begin for begin in (length, 2 * length))
    return 0.5**number * half_cosine((t - number * length) / length)


def triangle(t: int) -> float:
    """Height of triangles of twice ten ticks: a tenth of 97, rounded."""
    return 1 - abs(t % 20 - 10) / 10


def one_cycle(t: int) -> float:
    up_end, end = 0.3 * TICKS - 1, TICKS - 1
    start, low = 1 / 25, 1 / 25 / 1e4
    if t <= up_end:
        return start + (1 - start) * (1 - math.cos(math.pi * t / up_end)) / 2
    return low + (1 - low) * (1 + math.cos(math.pi * (t - up_end) / (end - up_end))) / 2


def stalled(t: int, factor: float) -> float:
    """A metric that never changes: the first epoch is the best, each further one is bad, patience is a tenth."""
    return float(factor ** (max(0, t - 1) // (10 + 1)))


def noam(t: int) -> float:
    """Linear to the tenth update, then falling as the inverse root; 1 at the tenth."""
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


ORACLE: dict[str, Callable[[int], float]] = {
    "adaptive": lambda t: stalled(t, 1 / 5),
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
    "plateau": lambda t: stalled(t, 0.1),
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


def test_every_schedule_has_an_oracle() -> None:
    assert sorted(ORACLE) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_schedule_equals_its_closed_form(name: str) -> None:
    config = by_tick(name)
    assert config.total_ticks == TICKS
    found = curve(config)
    assert len(found) == TICKS
    assert found == pytest.approx([PEAK * ORACLE[name](t) for t in range(TICKS)], abs=1e-9)
    assert all(math.isfinite(lr) and 0 <= lr <= PEAK * (1 + 1e-12) for lr in found)


def test_halving_halves_by_the_clock() -> None:
    found = curve(by_tick("halving", "scheduler.step_size=30"))
    assert found == pytest.approx([PEAK / 2 ** (second // 30) for second in range(TICKS)])


@pytest.mark.parametrize("name", NAMES)
def test_warmup_is_a_ramp_on_top_of_any_schedule(name: str) -> None:
    interval = by_tick(name).tick_interval
    eight = f"warmup={8 / TICKS}" if interval == "second" else "warmup=8"
    ramp = [min(1.0, (t + (interval != "second")) / 8) for t in range(TICKS)]
    config = by_tick(name, eight)
    schedule, optimizer = build(config)
    schedule.warmup = Warmup()
    bare, warmed = list(drive(config, schedule, optimizer)), curve(config)
    assert warmed == pytest.approx([lr * factor for lr, factor in zip(bare, ramp, strict=True)], abs=1e-12)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "warmup_cosine"])
def test_no_other_schedule_knows_of_the_ramp(name: str) -> None:
    by_hand = by_tick(name, "warmup=0")
    assert by_tick(name, "warmup=0.1").scheduler == by_hand.scheduler


@pytest.mark.parametrize("warmup", ["0", "8", "0.1", "0.3", "50"])
def test_warmup_cosine_begins_its_cosine_where_its_warmup_ends(warmup: str) -> None:
    found = curve(by_tick("warmup_cosine", f"warmup={warmup}"))
    peaks = [t for t, lr in enumerate(found) if lr == pytest.approx(PEAK, rel=1e-12)]
    length = build_warmup(by_tick("warmup_cosine", f"warmup={warmup}")).steps
    assert peaks == ([length - 1, length] if length else [0])


@pytest.mark.parametrize("at", [3, 90])
@pytest.mark.parametrize("name", NAMES)
def test_a_resumed_schedule_goes_on_as_if_nothing_had_happened(name: str, at: int) -> None:
    config = by_tick(name, "warmup=8")
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


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("epochs", [1, 300])
def test_defaults_suit_short_and_long_runs(name: str, epochs: int) -> None:
    length = f"seconds={epochs}" if name == "halving" else f"epochs={epochs}"
    lrs = run_preflight(make_config("data=digits", f"scheduler={name}", length, "optimizer.lr=1", "batch_size=1257"))
    assert len(lrs) == epochs
    assert all(0 <= lr <= 1 + 1e-12 for lr in lrs)
