"""The same curves from other libraries: timm, transformers, scikit-learn, torch's own SWALR."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.neural_network import MLPClassifier
from sklearn.neural_network._stochastic_optimizers import SGDOptimizer
from torch.optim.swa_utils import SWALR

from src.data.archives import torchvision_module
from tests.unit.schedules.conftest import PEAK, TICKS, build, by_tick, curve

Libraries = SimpleNamespace


@pytest.fixture(scope="module")
def libraries() -> Libraries:
    torchvision_module("torchvision")  # which timm imports
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what they say of themselves
        import timm.scheduler
        from transformers import optimization
    return Libraries(timm=timm.scheduler, transformers=optimization)


def optimizer() -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)


def by_timm(scheduler: Any) -> list[float]:
    return [float(scheduler._get_lr(t)[0]) for t in range(TICKS)]


def by_torch(scheduler: Any, ticks: int = TICKS) -> list[float]:
    lrs = []
    for _ in range(ticks):
        lrs.append(float(scheduler.optimizer.param_groups[0]["lr"]))
        scheduler.optimizer.step()
        scheduler.step()
    return lrs


# name: (overrides that give both the same whole spans, what the library makes of them)
TIMM: dict[str, tuple[tuple[str, ...], Callable[[Any], Any]]] = {
    "step": ((), lambda timm: timm.StepLRScheduler(optimizer(), decay_t=33, decay_rate=0.1)),
    # timm drops in the epoch before the one it is told.
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
    assert curve(by_tick(name, *overrides)) == pytest.approx(by_timm(scheduler(libraries.timm)), abs=1e-9)


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
def test_timm_agrees_on_the_shapes_of_a_cooldown(shape: str, timm_shape: dict[str, Any], libraries: Libraries) -> None:
    expected = libraries.timm.WSDLRScheduler(optimizer(), TICKS, decay_t=20, lr_min=0.1 * PEAK, **timm_shape)
    config = by_tick("wsd", f"scheduler.cooldown={20 / TICKS}", f"scheduler.shape={shape}", "scheduler.end=0.1")
    assert curve(config) == pytest.approx(by_timm(expected), abs=1e-9)


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_transformers_agrees(name: str, libraries: Libraries) -> None:
    overrides, scheduler = TRANSFORMERS[name]
    expected = by_torch(scheduler(libraries.transformers))
    assert curve(by_tick(name, *overrides)) == pytest.approx(expected, abs=1e-9)


def test_timm_agrees_on_cycles_whose_peaks_fall(libraries: Libraries) -> None:
    config = by_tick("cosine_cycles", "batch_size=14")  # 90 updates, because timm's cycles are whole numbers of them
    assert config.total_ticks == 90
    cycles = libraries.timm.CosineLRScheduler(optimizer(), t_initial=30, cycle_decay=0.5, cycle_limit=3)
    assert curve(config)[:90] == pytest.approx(by_timm(cycles)[:90], abs=1e-9)


def test_timm_agrees_on_growing_cycles_but_at_their_first_tick(libraries: Libraries) -> None:
    restarts = libraries.timm.CosineLRScheduler(optimizer(), t_initial=14, cycle_mul=2.0, cycle_limit=4)
    found, expected = curve(by_tick("cosine_restarts")), by_timm(restarts)
    # timm counts cycles by a floored logarithm, which can fall just short where one begins.
    differing = [t for t in range(TICKS) if abs(found[t] - expected[t]) > 1e-9]
    assert set(differing) <= {14, 42}
    assert found[14] == found[42] == PEAK


def test_transformers_agrees_on_warmup_cosine_but_starts_at_zero(libraries: Libraries) -> None:
    expected = by_torch(libraries.transformers.get_cosine_schedule_with_warmup(optimizer(), 10, TICKS), TICKS)
    found = curve(by_tick("warmup_cosine"))  # a warmup of ten, by itself
    assert expected[0] == 0  # its first update is lost; ours is the same ramp one update earlier
    assert found[:10] == pytest.approx(expected[1:11], abs=1e-9)
    assert found[10:] == pytest.approx(expected[10:], abs=1e-9)


def test_swa_is_the_annealing_of_torch() -> None:
    swalr = SWALR(optimizer(), swa_lr=0.5 * PEAK, anneal_epochs=10)
    config = by_tick("swa", f"scheduler.start={73 / TICKS}", f"scheduler.anneal={10 / TICKS}")
    assert curve(config) == pytest.approx([PEAK] * 73 + by_torch(swalr, TICKS - 73), abs=1e-9)


@pytest.mark.parametrize(("name", "learning_rate"), [("constant", "constant"), ("inv_scaling", "invscaling")])
def test_scikit_learn_agrees(name: str, learning_rate: str) -> None:
    sklearn = SGDOptimizer([np.zeros(1)], learning_rate_init=PEAK, lr_schedule=learning_rate, power_t=0.5)
    expected = []
    for t in range(TICKS):
        sklearn.iteration_ends(t)
        expected.append(sklearn.learning_rate)
    assert curve(by_tick(name)) == pytest.approx(expected, abs=1e-9)


def test_adaptive_is_the_rule_of_scikit_learn() -> None:
    # Falling by more than tol or not at all: where a loss creeps down by less, scikit-learn moves its best along.
    losses = [2.0, 1.5, 1.2, 1.2, 1.3, 1.2, 1.25, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.05, 1.05, 1.2, 1.2]
    network = MLPClassifier(solver="sgd", learning_rate="adaptive", n_iter_no_change=2, tol=1e-4)
    network.loss_curve_, network.best_loss_, network._no_improvement_count = [], np.inf, 0
    network._optimizer = SGDOptimizer([np.zeros(1)], learning_rate_init=PEAK, lr_schedule="adaptive")
    schedule, used = build(by_tick("adaptive", "scheduler.patience=2"))
    used.step()
    expected, found = [], []
    for epoch, loss in enumerate(losses, 1):
        network.loss_curve_.append(loss)
        network._update_no_improvement_count(early_stopping=False, X=None, y=None, sample_weight=None)
        if network._no_improvement_count > network.n_iter_no_change:
            network._optimizer.trigger_stopping("", verbose=False)
            network._no_improvement_count = 0
        expected.append(network._optimizer.learning_rate)
        schedule.end_epoch(epoch, {"train_loss": loss})
        found.append(used.param_groups[0]["lr"])
    assert found == pytest.approx(expected, abs=1e-9)
    assert len(set(found)) == 5
