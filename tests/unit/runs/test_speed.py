"""Timing of training loops."""

from __future__ import annotations

from functools import partial

import pytest

from src.errors import UsageError
from src.runs.pack_speed import pack_speedups
from src.runs.speed import compare_loops, time_bare_loop, time_in_rotation, time_trainer
from tests.conftest import make_config, small_config


def test_timers_take_turns_and_the_warmup_round_does_not_count() -> None:
    calls: list[str] = []

    def timer(name: str) -> float:
        calls.append(name)
        return len(calls)

    seconds = time_in_rotation({name: partial(timer, name) for name in "abc"}, rounds=2)
    assert "".join(calls) == "abc" + "bca" + "cab"
    assert seconds == {"a": [6, 8], "b": [4, 9], "c": [5, 7]}


def test_loops_report_seconds_per_update() -> None:
    config = small_config("epochs=1")
    assert time_trainer(config) > 0
    assert time_bare_loop(config) > 0


@pytest.mark.parametrize(
    ("rounds", "message"),
    [
        (0, "--rounds 0: must be a positive integer"),
        (1, "data=digits: the DataLoader loop needs a torchvision data set"),
    ],
)
def test_impossible_comparison_is_refused(rounds: int, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        compare_loops(small_config(), rounds)


def test_folder_that_torchvision_does_not_read_is_refused() -> None:
    with pytest.raises(UsageError, match=r"data\.folder: .* give data\.root=DIR, and no folder"):
        compare_loops(make_config("data=mnist", "data.folder=mine"), 1)


def test_data_set_of_the_user_is_refused() -> None:
    config = make_config("data=mnist", "data.name=stripes", "data.source=Stripes")
    with pytest.raises(UsageError, match="data=stripes: the DataLoader loop needs a torchvision data set"):
        compare_loops(config, rounds=1)


def test_packs_are_timed_against_the_bare_loop() -> None:
    speedups = pack_speedups(small_config(), rounds=1, sizes=(1, 3))
    assert list(speedups) == [1, 3]
    assert all(ratio > 0 for ratio in speedups.values())
    with pytest.raises(UsageError, match="--rounds 0"):
        pack_speedups(small_config(), rounds=0)
    with pytest.raises(UsageError, match="model=vit: its runs cannot share passes"):
        pack_speedups(small_config("model=vit"), rounds=1)
