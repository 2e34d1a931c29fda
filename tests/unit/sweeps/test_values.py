"""Values that a sweep cannot combine."""

from __future__ import annotations

import pytest

from src.errors import UsageError
from src.sweeps.values import check_unique, check_values


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("seed=0,1,0", "seed=[0,1,0]: give 0 once"),
        ("scheduler=step,cosine,step", "scheduler=[step,cosine,step]: give step once"),
        ("seed=range(0)", "seed=range(0): has no values; give some, as in seed=0,1"),
        ("scheduler=glob(zz*)", "scheduler=glob(zz*): has no values; give some, as in scheduler=0,1"),
        ("name=a,b", "name=a,b: a sweep has one name, as in name=mine"),
    ],
)
def test_empty_repeated_and_contradictory_values_are_refused(override: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        check_values(["data=digits", override])
    assert str(error.value) == message


def test_other_values_are_accepted() -> None:
    check_values(["seed=0,1", "optimizer.lr=0.1,0.03", "scheduler=glob(cos*)", "epochs=range(1,4)", "name=mine"])
    check_unique("seeds", [0, 1])
