"""Values that a sweep cannot combine."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.errors import UsageError
from src.sweeps.values import check_unique, check_values


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("seed=0,1,0", "seed=[0,1,0]: give 0 once"),
        ("scheduler=step,cosine,step", "scheduler=[step,cosine,step]: give step once"),
        ("seed=range(0)", "seed=range(0): has no values; give some, as in seed=0,1"),
        ("averaging=glob(zz*)", "averaging=glob(zz*): matches none of ema, none, swa"),
        (
            "seed=range(0,1000000000)",
            "seed=range(0,1000000000): more than 100,000 values; a sweep has 100,000 runs at most",
        ),
        ("name=a,b", "name=a,b: a sweep has one name, as in name=mine"),
    ],
)
def test_empty_repeated_and_contradictory_values_are_refused(override: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        check_values(["data=digits", override])
    assert str(error.value) == message


def test_sweep_of_too_many_runs_is_refused() -> None:
    with pytest.raises(UsageError, match="160,000 runs; a sweep has 100,000 at most"):
        check_values(["seed=range(0,400)", "epochs=range(1,401)"])


def test_glob_finds_choices_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "scheduler").mkdir()
    (tmp_path / "scheduler" / "own.yaml").touch()
    check_values([f"hydra.searchpath=[file://{tmp_path}]", "scheduler=glob(own*)"])


def test_other_values_are_accepted() -> None:
    check_values(["seed=0,1", "optimizer.lr=0.1,0.03", "scheduler=glob(cos*)", "epochs=range(1,4)", "name=mine"])
    check_unique("seeds", [0, 1])
