"""`reference=NAME` of a sweep without a protocol, before its first run."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.errors import UsageError
from src.sweeps.plan import Plan, make_plan
from src.sweeps.reference import check_reference, check_single, split_reference
from tests.conftest import SMALL


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    jobs = "scheduler=step,cosine", "optimizer.lr=0.1,0.03", "seed=0,1"
    return make_plan([*SMALL[:-1], *jobs, f"hydra.sweep.dir={tmp_path}"])


@pytest.mark.parametrize(
    "argument", ["reference=cosine lr=0.1", 'reference="cosine  lr=0.1"', "reference='cosine lr=0.1'"]
)
def test_reference_is_no_override(argument: str) -> None:
    assert split_reference(["epochs=1", argument, "seed=0"]) == ("cosine lr=0.1", ["epochs=1", "seed=0"])
    assert split_reference(["epochs=1"]) == (None, ["epochs=1"])


@pytest.mark.parametrize("reference", [None, "cosine lr=0.1", "step lr=0.03"])
def test_setting_of_the_plan_is_accepted(plan: Plan, reference: str | None) -> None:
    check_reference(plan, reference)


@pytest.mark.parametrize(
    ("reference", "problem"), [("cosine", "several settings have that name"), ("linear", "has no runs")]
)
def test_other_reference_is_refused_with_the_choices(plan: Plan, reference: str, problem: str) -> None:
    names = "step lr=0.1, step lr=0.03, cosine lr=0.1, cosine lr=0.03"
    with pytest.raises(UsageError, match=f"^reference={reference}: {problem}; choose one of {names}$"):
        check_reference(plan, reference)


def test_single_run_has_no_reference() -> None:
    check_single(None)
    with pytest.raises(UsageError, match=r"^reference=step: a single run is compared with nothing; add -m"):
        check_single("step")
