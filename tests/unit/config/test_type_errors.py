"""Values of a wrong type are named with the type that the schema asks for."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from omegaconf import OmegaConf
from omegaconf.errors import ValidationError

from src.config.type_errors import check_flags, wrong_type
from src.errors import UsageError


@dataclass
class Inner:
    names: list[str]
    fast: bool = False


@dataclass
class Schema:
    count: int
    inner: Inner
    rate: float | None = None
    rates: list[float] = field(default_factory=list)
    extras: dict[str, int] = field(default_factory=dict)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("count", "many", "count=many: must be an integer"),
        ("count", None, "count=null: must be an integer"),
        ("rate", "high", "rate=high: must be a number or null"),
        ("rates", [0.1, "b"], "rates[1]=b: must be a number"),
        ("rates", 0.1, "rates=0.1: must be a list of numbers"),
        ("extras", 3, "extras=3: must be a dictionary"),
        ("inner.names", None, "inner.names=null: must be a list of strings"),
        ("inner.fast", "perhaps", "inner.fast=perhaps: must be true or false"),
    ],
)
def test_key_value_and_type_are_named(key: str, value: object, message: str) -> None:
    node = OmegaConf.create({"count": 1, "inner": {"names": ["a"]}})
    OmegaConf.update(node, key, value)
    with pytest.raises(ValidationError) as error:
        OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(Schema), node))
    assert wrong_type(error.value) == message


def test_number_for_a_flag_is_refused() -> None:
    check_flags(Inner, OmegaConf.create({"fast": True}))
    with pytest.raises(UsageError, match=r"^inner\.fast=2: must be true or false$"):
        check_flags(Inner, OmegaConf.create({"fast": 2}), "inner.")
