"""Names of sweeps that the user did not name."""

from __future__ import annotations

import itertools

import pytest

from src.config.identity import MACHINE_KEYS
from src.config.naming import check_name
from src.config.sweep_names import automatic_name, identifies_sweep, sweep_name
from src.errors import UsageError


@pytest.mark.parametrize(
    "key", [*sorted(MACHINE_KEYS), "hydra/launcher", "hydra.launcher.n_jobs", "hydra.launcher.timeout_min"]
)
def test_where_and_how_runs_execute_does_not_identify_a_sweep(key: str) -> None:
    assert not identifies_sweep(key)


@pytest.mark.parametrize("key", ["scheduler", "seed", "optimizer.lr", "data", "hydra.searchpath", "hydra.sweep.dir"])
def test_what_runs_compute_and_where_they_are_stored_identifies_a_sweep(key: str) -> None:
    assert identifies_sweep(key)


# A sweep is resumed in the folder of its name: these names must not change.
@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        ("", "multirun"),
        ("data=digits", "multirun-digits"),
        ("data=digits trainer.num_threads=1 data.root=/d name=null", "multirun-digits"),
        ("data=digits scheduler=constant,step seed=0,1", "multirun-digits-constant+step-2-seeds"),
        ("seed=0,1 scheduler=constant,step data=digits", "multirun-digits-constant+step-2-seeds"),
        ("seed=1,2 optimizer.lr=0.1,1e-3", "multirun-lr-0.1+1e-3-seed-1+2"),
        ("seed=0 optimizer.lr=auto epochs=10", "multirun-epochs-10-lr-auto-seed-0"),
        ("scheduler.gamma=0.1,0.5 scheduler=step", "multirun-step-scheduler.gamma-0.1+0.5"),
        ("averaging=swa scheduler=cosine", "multirun-cosine-averaging-swa"),
        ("scheduler=cosine,mine", "multirun-scheduler-cosine+mine"),
        ("data=digits,mnist model=mlp,softmax", "multirun-digits+mnist-mlp+softmax"),
    ],
)
def test_name_says_what_is_swept(overrides: str, name: str) -> None:
    assert sweep_name(None, overrides.split()) == name


@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        (["+callbacks.mine._target_=mine.Failing"], "callbacks.mine._target_-mine.Failing-3e4185cc"),
        (["~optimizer.momentum"], "no-momentum-46421d45"),
        (["seed=range(3)"], "seed-range_3-8a053b26"),
        (["optimizer.betas=[0.9,0.99]"], "optimizer.betas-0.9+0.99-5500fda8"),
        (["hydra.sweep.dir=/x"], "f567e4ca"),
        (["scheduler=constant,step,exponential,cosine,plateau,wsd"], "6-schedulers-557f04e2"),
        (["data=digits,mnist,kmnist,fashion_mnist,mine,yours,others"], "7-data-sets-bc7f725d"),
        (["optimizer.lr=0.001,0.003,0.01,0.03,0.1,0.3,1.0,3.0"], "lr-8-values-0b1d98c9"),
    ],
)  # fmt: skip
def test_hash_follows_where_words_do_not_say_everything(overrides: list[str], name: str) -> None:
    assert sweep_name(None, overrides) == f"multirun-{name}"


def test_sweeps_that_differ_have_different_names() -> None:
    lists = [
        ["seed=0,1"], ["seed=1,0"], ["seed=0"], ["seed=range(2)"], ["seed=range(0,2)"],
        ["optimizer.lr=0.1"], ["+optimizer.lr=0.1"], ["++optimizer.lr=0.1"], ["optimizer.lr=1e-1"], ["optimizer.lr=.1"],
        ["optimizer.lr='0.1'"], ["scheduler=step"], ["data=step"], ["model=step"], ["averaging=step"],
        ["scheduler=swa"], ["averaging=swa"], ["optimizer.eps=1"], ["scheduler.eps=1"], ["~optimizer.eps"],
        ["~scheduler.eps"],
        ["hydra.searchpath=[file:///a]"], ["hydra.searchpath=[file:///b]"], [],
    ]  # fmt: skip
    combinations = [*lists, *([*a, *b] for a, b in itertools.combinations(lists, 2) if a and b)]
    assert len({automatic_name("a", overrides) for overrides in combinations}) == len(combinations)


def test_name_follows_from_the_values_of_overrides_and_not_from_their_order() -> None:
    overrides = ["seed=range(2)", "epochs=2", "+optimizer.foo=1"]
    assert len({automatic_name("a", order) for order in itertools.permutations(overrides)}) == 1


def test_preset_with_a_hyphen_is_not_taken_for_another_one_with_an_override() -> None:
    assert automatic_name("a-mlp", []) == "a-mlp"
    assert automatic_name("a-mlp", ["epochs=2"]) != automatic_name("a", ["model=mlp", "epochs=2"])


@pytest.mark.parametrize("prefix", ["benchmark", "x" * 100])
def test_long_name_is_cut_and_stays_unique(prefix: str) -> None:
    keys = [f"scheduler.parameter_{number}" for number in range(9)]
    names = [automatic_name(prefix, [*(f"{key}=1.5" for key in keys), f"epochs={epochs}"]) for epochs in (1, 2)]
    assert len(set(names)) == 2
    for name in names:
        assert len(name) < 80
        assert check_name("name", name) == name


def test_name_of_any_override_is_safe_as_a_path() -> None:
    for override in ("callbacks.x=../../etc", "+a='b c'", "x=${y}", "model=a/b", "x=", "x=ü,|", "~a.b=c"):
        name = automatic_name("multirun", [override])
        assert check_name("name", name) == name


def test_chosen_name_replaces_the_automatic_one() -> None:
    assert sweep_name("mine", ["data=digits"]) == "mine"


def test_empty_name_of_a_sweep_is_refused() -> None:
    with pytest.raises(UsageError, match=r"^name=: must consist of letters, digits"):
        sweep_name("", [])
