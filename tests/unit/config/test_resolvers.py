"""Spans of the run in ticks, and fractions of the peak."""

from __future__ import annotations

import pytest
from omegaconf import OmegaConf
from omegaconf.errors import InterpolationResolutionError

from tests.conftest import composed, make_config


@pytest.mark.parametrize(
    ("overrides", "step_size"),
    [
        (("epochs=2",), 1),
        (("epochs=100",), 34),
        (("epochs=4",), 2),
        (("epochs=7",), 3),
        (("epochs=5", "interval=step"), 717),  # a third of 2,150 updates
        (("interval=second", "seconds=60"), 20),
    ],
)
def test_ticks_are_a_whole_fraction_of_the_run(overrides: tuple[str, ...], step_size: int) -> None:
    found = make_config("scheduler=step", *overrides).scheduler["step_size"]
    assert found == step_size
    assert isinstance(found, int)  # torch's float milestones never fire


def test_ticks_never_fall_below_their_minimum() -> None:
    assert make_config("scheduler=step", "epochs=1").scheduler["step_size"] == 1
    assert make_config("scheduler=plateau", "epochs=1").scheduler["patience"] == 0


def test_decay_reaches_its_final_fraction_over_the_run() -> None:
    gamma = make_config("scheduler=exponential", "epochs=7").scheduler["gamma"]
    assert gamma**7 == pytest.approx(0.01)


def test_lr_is_a_fraction_of_the_peak() -> None:
    scheduler = make_config("scheduler=cyclic", "optimizer.lr=0.3").scheduler
    assert (scheduler["base_lr"], scheduler["max_lr"]) == pytest.approx((0.03, 0.3))


def test_a_fraction_of_an_unresolved_peak_is_refused() -> None:
    with pytest.raises(InterpolationResolutionError, match=r"optimizer\.lr=auto is found when a run starts"):
        OmegaConf.to_container(composed("scheduler=cyclic", "optimizer.lr=auto").scheduler, resolve=True)


@pytest.mark.parametrize(("epochs", "T_0"), [(1, 1), (7, 1), (8, 2), (15, 3)])
def test_three_doubling_cycles_fill_the_run_and_no_fourth_begins(epochs: int, T_0: int) -> None:  # noqa: N803
    found = make_config("scheduler=cosine_restarts", "interval=epoch", f"epochs={epochs}").scheduler["T_0"]
    assert found == T_0
    assert 7 * found >= epochs


def test_a_rate_adds_up_to_its_total() -> None:
    assert make_config("scheduler=inverse_time", "interval=epoch", "epochs=18").scheduler["rate"] == pytest.approx(0.5)


def test_an_average_remembers_a_fraction_of_the_updates() -> None:
    assert make_config("averaging=ema", "epochs=10").averaging["decay"] == pytest.approx(1 - 1 / 430)
