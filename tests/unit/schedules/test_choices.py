"""Many schedules in one go: the same configs that Hydra composes one by one, and the same refusals."""

from __future__ import annotations

import pytest

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


@pytest.mark.parametrize("overrides", [(), OVERRIDES])
def test_every_choice_is_what_hydra_makes_of_it(overrides: tuple[str, ...]) -> None:
    with choices.loading(overrides) as load:
        quick = {name: load(name) for name in NAMES}
    assert quick == {name: make_config(f"scheduler={name}", *overrides) for name in NAMES}


def test_a_choice_does_not_depend_on_those_before_it() -> None:
    with choices.loading([]) as load:
        first = load("constant")
        assert (load("warmup_cosine").warmup, load("swa").averaging["name"]) == (0.1, "swa")
        assert load("constant") == first == load(None)


def test_overrides_of_the_scheduler_lie_on_top() -> None:
    overrides = ["scheduler.gamma=0.5", "+scheduler.last_epoch=-1"]
    wanted = {name: make_config(f"scheduler={name}", *overrides) for name in ("step", "exponential")}
    with choices.loading(overrides) as load:
        assert {name: load(name) for name in wanted} == wanted
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
def test_the_choice_is_read_in_every_spelling(overrides: list[str], expected: list[str | None]) -> None:
    found, others = choices.chosen(overrides)
    assert found == expected
    assert others == [line for line in overrides if not line.startswith(("scheduler=", "schedulers="))]


@pytest.mark.parametrize("line", ["scheduler=", "schedulers=[]", "scheduler=null", "~scheduler", "scheduler=glob(x*)"])
def test_an_empty_choice_is_refused(line: str) -> None:
    with pytest.raises(UsageError, match="name schedulers, as in scheduler=step,cosine"):
        choices.chosen([line])


def test_another_key_takes_one_value() -> None:
    with pytest.raises(UsageError, match="batch_size=64,128: takes one value; only scheduler takes several"):
        choices.chosen(["scheduler=step,cosine", "batch_size=64,128"])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("optimizer=sdg", "^optimizer=sdg: choose one of .*adamw, .*sgd$"),
        ("epoch=3", "^epoch: unknown key; --cfg job lists the known ones$"),
    ],
)
def test_what_hydra_refuses_is_one_line(line: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught, choices.loading([line]):
        pass
    assert "\n" not in str(caught.value)


def test_an_unknown_scheduler_is_told_those_there_are() -> None:
    with choices.loading([]) as load, pytest.raises(UsageError) as caught:
        load("cosin")
    assert str(caught.value) == f"scheduler=cosin: choose one of {', '.join(NAMES)}"
