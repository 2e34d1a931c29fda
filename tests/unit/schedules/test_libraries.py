"""Schedules against other libraries: timm, transformers, scikit-learn and torch's SWALR."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from sklearn.neural_network import MLPRegressor
from torch.optim.swa_utils import SWALR

from src.data.torchvision import import_torchvision
from tests.unit.schedules.conftest import PEAK, TICKS, build, by_tick, curve

Libraries = SimpleNamespace


@pytest.fixture(scope="module")
def libraries() -> Libraries:
    import_torchvision()  # timm imports it
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside the libraries
        import timm.scheduler
        from transformers import optimization
    return Libraries(timm=timm.scheduler, transformers=optimization)


def optimizer() -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)


def timm_curve(scheduler: Any) -> list[float]:
    lrs = []
    for t in range(TICKS):
        scheduler.step(t)
        lrs.append(float(scheduler.optimizer.param_groups[0]["lr"]))
    return lrs


def torch_curve(scheduler: Any, ticks: int = TICKS) -> list[float]:
    lrs = []
    for _ in range(ticks):
        lrs.append(float(scheduler.optimizer.param_groups[0]["lr"]))
        scheduler.optimizer.step()
        scheduler.step()
    return lrs


def sklearn_curve(losses: list[float], **settings: Any) -> list[float]:
    """Learning rates that scikit-learn uses if its training losses are `losses`; only the first may differ.

    The model is a bias, trained on one example per epoch whose target gives the loss. An epoch multiplies the error by
    1 - lr.
    """
    network = MLPRegressor(
        hidden_layer_sizes=(), solver="sgd", momentum=0.0, alpha=0.0, learning_rate_init=PEAK, **settings
    )
    lrs: list[float] = []
    for loss in losses:
        target = network.intercepts_[0][0] + math.sqrt(2 * loss) if lrs else 10.0  # above any initial bias
        network.partial_fit([[0.0]], [target])
        lrs.append(1 - (target - network.intercepts_[0][0]) / math.sqrt(2 * network.loss_))
    return lrs


# name: (overrides that give both implementations the same integer spans, the library's scheduler)
TIMM: dict[str, tuple[tuple[str, ...], Callable[[Any], Any]]] = {
    "step": ((), lambda timm: timm.StepLRScheduler(optimizer(), decay_t=33, decay_rate=0.1)),
    # timm drops one epoch before its milestones.
    "multi_step": ((), lambda timm: timm.MultiStepLRScheduler(optimizer(), decay_t=[49, 74], decay_rate=0.1)),
    "linear": ((), lambda timm: timm.PolyLRScheduler(optimizer(), t_initial=TICKS, power=1.0)),
    "polynomial": ((), lambda timm: timm.PolyLRScheduler(optimizer(), t_initial=TICKS, power=2.0)),
    "cosine": ((), lambda timm: timm.CosineLRScheduler(optimizer(), t_initial=TICKS)),
    "k_decay": ((), lambda timm: timm.CosineLRScheduler(optimizer(), t_initial=TICKS, k_decay=1.5)),
    "cosine_cycles": (
        ("scheduler.num_cycles=1", "scheduler.end=0.1"),
        lambda timm: timm.CosineLRScheduler(optimizer(), t_initial=TICKS, lr_min=0.1 * PEAK, cycle_decay=0.5),
    ),
    "tanh": ((), lambda timm: timm.TanhLRScheduler(optimizer(), t_initial=TICKS, lb=-7.0, ub=3.0)),
    "inverse_sqrt": (
        (),
        lambda timm: timm.WSDLRScheduler(optimizer(), TICKS, decay_t=1, stable_fn="rsqrt", stable_timescale=10),
    ),
    "power": (
        (),
        lambda timm: timm.WSDLRScheduler(
            optimizer(), TICKS, decay_t=1, stable_fn="power", stable_power=0.51, stable_timescale=10
        ),
    ),
    "flat_cosine": (
        (f"scheduler.start={77 / TICKS}",),
        lambda timm: timm.WSDLRScheduler(optimizer(), TICKS, decay_t=20, decay_fn="cosine"),
    ),
    "trapezoid": (
        ("scheduler.warmup=0", f"scheduler.cooldown={30 / TICKS}"),
        lambda timm: timm.WSDLRScheduler(optimizer(), TICKS, decay_t=30, decay_fn="linear"),
    ),
}

TRANSFORMERS: dict[str, tuple[tuple[str, ...], Callable[[Any], Any]]] = {
    "linear": ((), lambda hf: hf.get_linear_schedule_with_warmup(optimizer(), 0, TICKS)),
    "polynomial": (
        ("scheduler.power=3", "scheduler.end=0.1"),
        lambda hf: hf.get_polynomial_decay_schedule_with_warmup(optimizer(), 0, TICKS, lr_end=0.1 * PEAK, power=3.0),
    ),
    "cosine": ((), lambda hf: hf.get_cosine_schedule_with_warmup(optimizer(), 0, TICKS)),
    "cosine_cycles": (
        ("scheduler.cycle_decay=1", "scheduler.num_cycles=4"),
        lambda hf: hf.get_cosine_with_hard_restarts_schedule_with_warmup(optimizer(), 0, TICKS, num_cycles=4),
    ),
    "inverse_sqrt": ((), lambda hf: hf.get_inverse_sqrt_schedule(optimizer(), 0, timescale=10)),
    "wsd": (
        (f"scheduler.cooldown={20 / TICKS}",),
        lambda hf: hf.get_wsd_schedule(optimizer(), 0, 20, num_training_steps=TICKS, decay_type="1-sqrt"),
    ),
    "flat_cosine": (
        (f"scheduler.start={77 / TICKS}",),
        lambda hf: hf.get_wsd_schedule(optimizer(), 0, 20, num_training_steps=TICKS, decay_type="cosine"),
    ),
}


@pytest.mark.parametrize("name", TIMM)
def test_timm_agrees(name: str, libraries: Libraries) -> None:
    overrides, scheduler = TIMM[name]
    assert curve(by_tick(name, *overrides)) == pytest.approx(timm_curve(scheduler(libraries.timm)), abs=1e-9)


@pytest.mark.parametrize(
    ("shape", "timm_shape"),
    [
        ("linear", {"decay_fn": "linear"}),
        ("cosine", {"decay_fn": "cosine"}),
        ("one_minus_sqrt", {"decay_fn": "1-sqrt"}),
        ("one_minus_square", {"decay_fn": "power", "decay_power": 2.0}),
        ("exponential", {"decay_fn": "exp", "decay_ratio": 0.01}),
        ("mirror_cosine", {"decay_fn": lambda q: 1.5 - 2 * q - math.cos(math.pi * q) / 2}),
    ],
)
def test_timm_agrees_on_cooldown_shapes(shape: str, timm_shape: dict[str, Any], libraries: Libraries) -> None:
    expected = libraries.timm.WSDLRScheduler(optimizer(), TICKS, decay_t=20, lr_min=0.1 * PEAK, **timm_shape)
    config = by_tick("wsd", f"scheduler.cooldown={20 / TICKS}", f"scheduler.shape={shape}", "scheduler.end=0.1")
    assert curve(config) == pytest.approx(timm_curve(expected), abs=1e-9)


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_transformers_agrees(name: str, libraries: Libraries) -> None:
    overrides, scheduler = TRANSFORMERS[name]
    expected = torch_curve(scheduler(libraries.transformers))
    assert curve(by_tick(name, *overrides)) == pytest.approx(expected, abs=1e-9)


def test_timm_agrees_on_cycles_with_decaying_peaks(libraries: Libraries) -> None:
    config = by_tick("cosine_cycles", "batch_size=14")  # 90 updates, because timm's cycles have integer lengths
    assert config.total_ticks == 90
    cycles = libraries.timm.CosineLRScheduler(optimizer(), t_initial=30, cycle_decay=0.5, cycle_limit=3)
    assert curve(config)[:90] == pytest.approx(timm_curve(cycles)[:90], abs=1e-9)


def test_timm_agrees_on_growing_cycles_except_at_their_first_tick(libraries: Libraries) -> None:
    restarts = libraries.timm.CosineLRScheduler(optimizer(), t_initial=14, cycle_mul=2.0, cycle_limit=4)
    lrs, expected = curve(by_tick("cosine_restarts")), timm_curve(restarts)
    # timm counts cycles by a floored logarithm, which can round down to the previous cycle where a new one begins.
    differing = [t for t in range(TICKS) if abs(lrs[t] - expected[t]) > 1e-9]
    assert set(differing) <= {14, 42}
    assert lrs[14] == lrs[42] == PEAK


def test_transformers_agrees_on_warmup_cosine_except_for_its_first_update(libraries: Libraries) -> None:
    expected = torch_curve(libraries.transformers.get_cosine_schedule_with_warmup(optimizer(), 10, TICKS), TICKS)
    lrs = curve(by_tick("warmup_cosine"))  # default warmup: ten updates
    assert expected[0] == 0  # its first update changes nothing; our ramp is one update earlier
    assert lrs[:10] == pytest.approx(expected[1:11], abs=1e-9)
    assert lrs[10:] == pytest.approx(expected[10:], abs=1e-9)


def test_torch_swalr_agrees() -> None:
    swalr = SWALR(optimizer(), swa_lr=0.5 * PEAK, anneal_epochs=10)
    config = by_tick("swa", f"scheduler.start={73 / TICKS}", f"scheduler.anneal={10 / TICKS}")
    assert curve(config) == pytest.approx([PEAK] * 73 + torch_curve(swalr, TICKS - 73), abs=1e-9)


@pytest.mark.parametrize(("name", "learning_rate"), [("constant", "constant"), ("inv_scaling", "invscaling")])
def test_scikit_learn_agrees(name: str, learning_rate: str) -> None:
    expected = sklearn_curve([1.0] * TICKS, learning_rate=learning_rate, power_t=0.5)
    assert curve(by_tick(name)) == pytest.approx(expected, abs=1e-9)


def test_scikit_learn_agrees_on_adaptive() -> None:
    # Every loss falls by more than tol or not at all: scikit-learn also lowers its best loss when one falls by less.
    losses = [
        2.0,
        1.5,
        1.2,
        1.2,
        1.3,
        1.2,
        1.25,
        1.1,
        1.1,
        1.1,
        1.1,
        1.1,
        1.1,
        1.1,
        1.1,
        1.1,
        1.05,
        1.05,
        1.2,
        1.2,
        1.2,
    ]
    expected = sklearn_curve([1e3, *losses], learning_rate="adaptive", n_iter_no_change=2, tol=1e-4)[1:]
    schedule, sgd = build(by_tick("adaptive", "scheduler.patience=2"))
    sgd.step()
    lrs = []
    for epoch, loss in enumerate(losses, 1):
        lrs.append(sgd.param_groups[0]["lr"])
        schedule.end_epoch(epoch, {"train_loss": loss})
    assert lrs == pytest.approx(expected, abs=1e-9)
    assert len(set(lrs)) == 5
