"""Schedules by family."""

from __future__ import annotations

from itertools import chain

from src.analysis.figures.families import FAMILIES, OTHERS, group_by_family
from src.config import CONF
from tests.unit.analysis.figures.conftest import make_curve


def test_every_schedule_has_one_family() -> None:
    members = list(chain.from_iterable(FAMILIES.values()))
    assert sorted(members) == sorted(path.stem for path in (CONF / "scheduler").glob("*.yaml"))


def test_schedules_without_a_family_come_last() -> None:
    curves = [make_curve(name) for name in ("MyLR", "step", "cosine", "constant")]
    groups = group_by_family(curves)
    assert [[curve.scheduler for curve in members] for members in groups.values()] == [
        ["constant", "step"], ["cosine"], ["MyLR"],
    ]  # fmt: skip
    assert list(groups)[-1] == OTHERS
