"""Configs of many schedules: equal to those that Hydra composes one by one, with the same error messages."""

from __future__ import annotations

import pytest

from src.config.compose import composed, composing, load_config
from src.errors import UsageError
from src.schedules import choices
from tests.conftest import make_config
from tests.unit.schedules.conftest import NAMES

OVERRIDES = (
    "epochs=7",
    "optimizer=adamw",
    "data=digits",
    "trainer.accumulate_batches=2",
    "warmup=0.05",
    "averaging=ema",
)


# Hydra needs a tenth of a second per config, so only some schedules are composed with overrides too.
@pytest.mark.parametrize(
    ("names", "overrides"),
    [
        (NAMES[::3], ()),
        pytest.param(NAMES, (), marks=pytest.mark.slow),
        (["constant", "plateau", "step", "swa", "warmup_cosine"], OVERRIDES),
    ],
)
def test_loaded_config_equals_what_hydra_composes(names: list[str], overrides: tuple[str, ...]) -> None:
    with choices.config_loader(overrides) as load:
        configs = {name: load(name) for name in names}
    with composing():
        assert configs == {name: load_config(composed([f"scheduler={name}", *overrides])) for name in names}


def test_choice_does_not_depend_on_earlier_ones() -> None:
    with choices.config_loader([]) as load:
        first = load("constant")
        assert (load("warmup_cosine").warmup, load("swa").averaging["name"]) == (0.1, "swa")
        assert load("constant") == first == load(None)


def test_overrides_inside_the_scheduler_apply_to_every_choice() -> None:
    overrides = ["scheduler.gamma=0.5", "+scheduler.last_epoch=-1"]
    expected = {name: make_config(f"scheduler={name}", *overrides) for name in ("step", "exponential")}
    with choices.config_loader(overrides) as load:
        assert {name: load(name) for name in expected} == expected
        with pytest.raises(UsageError, match=r"^scheduler.gamma: unknown key"):
            load("cosine")


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ([], []),
        (["epochs=3"], []),
        (["scheduler=cosine"], ["cosine"]),
        (["scheduler=step,cosine"], ["step", "cosine"]),
        (["scheduler=[step,cosine,step]"], ["step", "cosine"]),
        (["schedulers=[step,cosine]"], ["step", "cosine"]),
        (["scheduler=glob(cosine*)"], ["cosine", "cosine_cycles", "cosine_restarts"]),
        (["scheduler._target_=mine.MyLR"], [None]),
        (["scheduler=step", "++scheduler.gamma=0.5"], ["step"]),
    ],
)
def test_selection_is_read_in_every_notation(overrides: list[str], expected: list[str | None]) -> None:
    selected, others = choices.split_overrides(overrides)
    assert selected == expected
    assert others == [line for line in overrides if not line.startswith(("scheduler=", "schedulers="))]


@pytest.mark.parametrize("line", ["scheduler=", "schedulers=[]", "~scheduler", "scheduler=glob(x*)"])
def test_empty_selection_is_refused(line: str) -> None:
    with pytest.raises(UsageError, match="name schedulers, as in scheduler=step,cosine"):
        choices.split_overrides([line])


def test_null_is_refused_with_the_choices() -> None:
    with pytest.raises(UsageError, match="scheduler=null: choose one of adaptive, constant"):
        choices.split_overrides(["scheduler=null"])


def test_other_keys_take_one_value() -> None:
    with pytest.raises(UsageError, match="batch_size=64,128: takes one value; only scheduler takes several"):
        choices.split_overrides(["scheduler=step,cosine", "batch_size=64,128"])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("optimizer=sdg", r"^optimizer=sdg: choose one of .*adamw, .*sgd; did you mean sgd\?$"),
        ("epoch=3", r"^epoch: unknown key; did you mean epochs\?$"),
    ],
)
def test_errors_of_hydra_are_one_line(line: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught, choices.config_loader([line]):
        pass
    assert "\n" not in str(caught.value)


def test_error_about_an_unknown_scheduler_lists_all() -> None:
    with choices.config_loader([]) as load, pytest.raises(UsageError) as caught:
        load("cosin")
    assert str(caught.value) == f"scheduler=cosin: choose one of {', '.join(NAMES)}; did you mean cosine?"
