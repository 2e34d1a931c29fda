"""Learning rates that are given per schedule."""

from __future__ import annotations

import pytest

from src.errors import UsageError
from src.sweeps import parallelism
from src.sweeps.experiment import experiment_overrides, experiment_rates
from src.sweeps.protocol import protocol_overrides
from src.sweeps.rates import check_rates, jobs_with_rates

SWEEP = ["data=digits", "model=softmax", "scheduler=step,cosine,linear", "seed=0,1"]


@pytest.fixture(autouse=True)
def _two_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallelism, "default_workers", lambda *devices: 2)


def rates_of(jobs: list[tuple[str, ...]]) -> dict[str, list[str]]:
    """The learning rates of each schedule, over the jobs of seed 0."""
    rates: dict[str, list[str]] = {}
    for job in jobs:
        values = dict(line.split("=") for line in job)
        if values["seed"] == "0":
            rates.setdefault(values["scheduler"], []).append(values.get("optimizer.lr", "default"))
    return rates


def test_named_schedules_have_their_rate_and_others_keep_theirs() -> None:
    jobs = jobs_with_rates(SWEEP, {"step": 0.1, "cosine": 0.03})
    assert len(jobs) == 6
    assert rates_of(jobs) == {"step": ["0.1"], "cosine": ["0.03"], "linear": ["default"]}


def test_given_rate_replaces_that_of_the_optimizer_once() -> None:
    jobs = jobs_with_rates([*SWEEP, "optimizer.lr=0.2,0.4"], {"step": 0.1})
    assert rates_of(jobs) == {"step": ["0.1"], "cosine": ["0.2", "0.4"], "linear": ["0.2", "0.4"]}
    assert len(jobs) == len(set(jobs)) == 10


def test_rate_of_a_schedule_that_the_sweep_lacks_is_refused() -> None:
    with pytest.raises(UsageError, match="lrs: stepp is not among the schedules of the sweep, step, cosine, linear"):
        jobs_with_rates(SWEEP, {"stepp": 0.1})


@pytest.mark.parametrize(
    "rates", [0.1, {}, "cosine:0.03", None, ["step"], {"step": 0}, {"step": "fast"}, {"step": True}]
)
def test_anything_but_positive_rates_by_schedule_is_refused(rates: object) -> None:
    with pytest.raises(UsageError, match=r'^lrs=.*"lrs=\{step: 0\.1, cosine: 0\.03\}"'):
        check_rates(rates)


def test_range_test_can_find_the_rate_of_one_schedule() -> None:
    assert experiment_rates(["lrs={step: auto}"]) == {"step": "auto"}


def test_rates_are_part_of_the_name_of_the_sweep_and_not_of_its_overrides() -> None:
    without = experiment_overrides(["seeds=[0]"])
    overrides = experiment_overrides(["seeds=[0]", "lrs={step: 0.1, cosine: 0.03}"])
    assert overrides[:-1] == without[:-1]
    assert overrides[-1] != without[-1]
    assert overrides == experiment_overrides(["lrs={cosine: 0.03, step: 0.1}", "seeds=[0]"])
    assert overrides != experiment_overrides(["lrs={cosine: 0.03, step: 0.2}", "seeds=[0]"])


def test_protocol_tunes_instead() -> None:
    with pytest.raises(UsageError, match="lrs: a protocol tunes the rate of every schedule"):
        protocol_overrides(["protocol=quick", "lrs={step: 0.1}"])
