"""Names of run and sweep folders."""

from __future__ import annotations

import pytest

from src.config.identity import MACHINE_KEYS
from src.config.naming import automatic_name, check_name, identifies_sweep, path_label, sweep_name
from src.errors import UsageError


@pytest.mark.parametrize(
    "key", [*sorted(MACHINE_KEYS), "hydra/launcher", "hydra.launcher.n_jobs", "hydra.launcher.timeout_min"]
)
def test_where_and_how_runs_execute_does_not_identify_a_sweep(key: str) -> None:
    assert not identifies_sweep(key)


@pytest.mark.parametrize("key", ["scheduler", "seed", "optimizer.lr", "data", "hydra.searchpath", "hydra.sweep.dir"])
def test_what_runs_compute_and_where_they_are_stored_identifies_a_sweep(key: str) -> None:
    assert identifies_sweep(key)


# These names are on users' disks: they must not change.
@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        (["data=digits", "scheduler=constant,step", "seed=0,1"], "multirun-ff6759b1"),
        (["seed=0,1", "scheduler=constant,step", "data=digits"], "multirun-ff6759b1"),
        (["data=digits", "scheduler=constant,step", "seed=0,1", "data.root=/d"], "multirun-ff6759b1"),
        (["data=digits", "+callbacks.mine._target_=mine.Failing"], "multirun-bcaa7fc7"),
        (["data=digits", "~optimizer.momentum"], "multirun-a102911f"),
        (["data=digits"], "multirun-a866ee75"),
        (["data=digits", "trainer.num_threads=1"], "multirun-a866ee75"),
    ],
)
def test_multirun_has_a_name_that_follows_from_its_overrides(overrides: list[str], name: str) -> None:
    assert sweep_name(None, overrides) == name


def test_chosen_name_replaces_the_automatic_one() -> None:
    assert sweep_name("mine", ["data=digits"]) == "mine"


def test_name_follows_from_the_values_of_overrides_and_not_from_their_order() -> None:
    assert sweep_name(None, ["seed=0,1", "epochs=2"]) == sweep_name(None, ["epochs=2", "seed=0,1", "data.root=/x"])
    assert sweep_name(None, ["seed=0,1"]) != sweep_name(None, ["seed=0,2"])


def test_settings_identify_a_sweep_in_their_order() -> None:
    assert automatic_name("a", ["seed=0"], ["x", "y"]) == automatic_name("a", ["seed=0", "name=b"], ["x", "y"])
    assert automatic_name("a", ["seed=0"], ["x", "y"]) != automatic_name("a", ["seed=0"], ["y", "x"])


@pytest.mark.parametrize("name", ["cosine", "lenet-sgd-5-epochs", "a.b+c_d", "Größe2", "0.5x"])
def test_plain_name_is_kept(name: str) -> None:
    assert check_name("name", name) == name


@pytest.mark.parametrize("name", ["..", "../x", "/etc/x", "a/b", "", "[/x]", "x^$", "=1+1", "-rf", "a b", "<b>", "a|b"])
def test_name_that_could_be_a_path_markup_or_a_formula_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="must consist of letters, digits"):
        check_name("model.name", name)


def test_long_name_is_refused_in_a_short_message() -> None:
    assert check_name("model.name", "x" * 100)
    with pytest.raises(UsageError, match=r"^model\.name=x{20}\.\.\.: has 101 characters; a name has at most 100$"):
        check_name("model.name", "x" * 101)


def test_empty_name_of_a_sweep_is_refused() -> None:
    with pytest.raises(UsageError, match=r"^name=: must consist of letters, digits"):
        sweep_name("", [])


def test_label_is_a_legal_and_short_folder_name() -> None:
    assert path_label("") == "default"
    assert path_label("epochs=2,optimizer.lr=0.1") == "epochs=2,optimizer.lr=0.1"
    assert "/" not in path_label("a=b/c 'd'")
    long_labels = {path_label("x" * 300 + tail) for tail in ("a", "b")}
    assert len(long_labels) == 2
    assert max(map(len, long_labels)) <= 120
