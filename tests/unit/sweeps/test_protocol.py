"""Protocols: their files, their checks, and the command lines that change them."""

from __future__ import annotations

import pytest

from src.config import CONF
from src.errors import UsageError
from src.sweeps import parallelism
from src.sweeps.protocol import load_protocol, protocol_overrides
from tests.unit.sweeps.conftest import SMALL_PROTOCOL

NAMES = sorted(path.stem for path in (CONF / "protocol").glob("*.yaml"))


@pytest.mark.parametrize("name", NAMES)
def test_protocol_is_complete_and_its_seeds_are_disjoint(name: str) -> None:
    protocol = load_protocol(name, {})
    assert protocol.name == name
    assert not set(protocol.tuning_seeds) & set(protocol.evaluation_seeds)
    assert len(protocol.evaluation_seeds) == {"all_schedules": 10, "quick": 5, "standard": 10, "strict": 20}[name]
    assert set(protocol.schedulers) <= {path.stem for path in (CONF / "scheduler").glob("*.yaml")}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"evaluation_seeds": [7, 8]}, "share [7]"),
        ({"num_lrs": 4}, "num_lrs=4: must be an odd integer from 3 to 41"),
        ({"num_lrs": 100_000_001}, "num_lrs=100000001: must be an odd integer from 3 to 41"),
        ({"schedulers": []}, "schedulers=[]"),
        ({"schedulers": ["step", "step"]}, "without duplicates"),
        ({"reference": "cosine"}, "reference=cosine: is not in schedulers=[constant,step]"),
        ({"budgets": [0]}, "budgets=[0]"),
        ({"budgets": [1, 1]}, "without duplicates"),
        ({"max_extensions": -1}, "max_extensions=-1"),
        ({"tuning_seeds": ["a"]}, "tuning_seeds"),
        ({"tune_per_seed": True}, "there are 2 evaluation seeds and 1 tuning seeds; give as many, or tune_per_seed"),
        ({"refine": "twice"}, "refine"),
        ({"tuning_seeds": [-1]}, "seeds [-1]: must be integers of at least 0"),
    ],
)
def test_contradictory_protocol_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as refusal:
        load_protocol("quick", {**SMALL_PROTOCOL, **changes})
    assert message in str(refusal.value)


def test_publication_tunes_every_seed_by_itself() -> None:
    protocol = load_protocol("strict", {})
    assert protocol.tune_per_seed
    assert len(protocol.tuning_seeds) == len(protocol.evaluation_seeds) == 20


def test_all_schedules_holds_the_whole_catalog() -> None:
    protocol = load_protocol("all_schedules", {})
    assert sorted(protocol.schedulers) == sorted(path.stem for path in (CONF / "scheduler").glob("*.yaml"))


def test_unknown_protocol_is_refused() -> None:
    with pytest.raises(UsageError, match="protocol=loose: choose one of all_schedules, quick, standard, strict"):
        load_protocol("loose", {})


def test_command_line_is_split_into_protocol_and_overrides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallelism, "default_workers", lambda *devices: 2)
    arguments = ["protocol=quick", "num_lrs=5", "model=mlp", "reference=cosine", "tuning_seeds=[9]", "name=mine"]
    protocol, overrides = protocol_overrides(arguments)
    assert (protocol.name, protocol.num_lrs, protocol.reference) == ("quick", 5, "cosine")
    assert (protocol.tuning_seeds, protocol.evaluation_seeds) == ([9], [0, 1, 2, 3, 4])
    assert overrides == [
        "hydra/launcher=joblib", "model=mlp", "name=mine", "hydra.launcher.n_jobs=2", "trainer.num_threads=1",
    ]  # fmt: skip


# A sweep is resumed in the folder of its name: these names must not change.
@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ("protocol=quick", "quick"),
        ("protocol=standard model=lenet optimizer=sgd", "standard-lenet-sgd"),
        (
            "protocol=quick schedulers=[constant,cosine,wsd] budgets=[1,3,10] reference=cosine",
            "quick-constant+cosine+wsd-budgets-1+3+10-reference-cosine",
        ),
        ("protocol=quick num_lrs=5 data.root=/d hydra/launcher=basic", "quick-num_lrs-5"),
        ("protocol=quick name=mine", "mine"),
    ],
)
def test_sweep_has_a_name_that_follows_from_its_arguments(arguments: str, name: str) -> None:
    _, overrides = protocol_overrides(arguments.split())
    assert [line for line in overrides if line.startswith("name=")] == [f"name={name}"]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("seeds=[0]", "give tuning_seeds="),
        ("seed=3", "seed=3: does not go with protocol="),
        ("read_test=false", "read_test=false: does not go with protocol="),
        ("scheduler=step", "scheduler=step: does not go with protocol="),
        ("optimizer.lr=0.1,0.2", "optimizer.lr=0.1,0.2: does not go with protocol="),
    ],
)
def test_override_that_does_not_go_with_a_protocol_is_refused(argument: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        protocol_overrides(["protocol=quick", argument])
